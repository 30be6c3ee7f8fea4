// The pages that the tests open, made by the program itself.
import {execFileSync} from "node:child_process";
import {existsSync, readFileSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";

/// As long as the name it replaces, so that the file stays a valid ONNX file.
export const hostileNames = ["<img src=q onerror=hack()>", "</script><b id=hostile>&amp"];

function hostileNetwork(source, folder) {
  let text = readFileSync(join(source, "examples/resnet50.onnx")).toString("latin1");
  ["/layer1/layer1.0/conv2/Conv", "/layer2/layer2.1/conv2/Conv"].forEach((name, i) => {
    if (!text.includes(name)) throw new Error(`examples/resnet50.onnx has no node ${name}`);
    text = text.replaceAll(name, hostileNames[i].padEnd(name.length));
  });
  const file = join(folder, "hostile.onnx");
  writeFileSync(file, Buffer.from(text, "latin1"));
  return file;
}

/// 20,000 layers, no two alike.
export const manyLayers = 20000;
function longList(folder) {
  const lines = [];
  for (let i = 0; lines.length < manyLayers; ++i) {
    const channels = 1 + (i % 97), extent = 7 + (i % 61);
    lines.push(`Conv 1x${channels}x${extent}x${100 + i} ${8 + (i % 29)}x${channels}x3x3 pads=1,1,1,1`, `Relu 1x${channels}x${extent}x${100 + i}`,
      `Gemm 1x${64 + i} ${64 + i}x${10 + (i % 501)}`, `Softmax 1x${1000 + i}`);
  }
  const file = join(folder, "many.txt");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

export class Pages {
  constructor(program, source, folder) {
    Object.assign(this, {program, source, folder});
  }

  make(name, verb, ...words) {
    const file = join(this.folder, `${name}.html`);
    const began = Date.now();
    execFileSync(this.program, [verb, ...words, "--html", file], {stdio: ["ignore", "ignore", "inherit"], cwd: this.source});
    console.log(`  ${name}: ${(statSync(file).size / 1e6).toFixed(2)} MB, made in ${Date.now() - began} ms`);
    return file;
  }

  network() { return this.make("resnet50", "estimate", "examples/resnet50.onnx", "--on", "xeon-gold-5120"); }
  derived() { return this.make("derived", "estimate", "net:alexnet", "--on", "jetson-nano", "--batch", "1", "--grid", "FRA", "--per-day", "1000"); }
  hostile() { return this.make("hostile", "estimate", hostileNetwork(this.source, this.folder), "--on", "jetson-nano", "--batch", "1"); }
  many() { return this.make("many", "estimate", longList(this.folder), "--on", "a100-sxm/pytorch/f32"); }
  several() { return this.make("several", "estimate", "examples/resnet50.onnx", "net:vgg11", "--on", "xeon-gold-5120,jetson-nano", "--batch", "1,8"); }
  compared() {
    return this.make("compared", "compare", "examples/resnet50.onnx", "net:vgg11", "net:alexnet", "--on", "xeon-gold-5120", "--batch", "1,8", "--accuracy", "examples/resnet50.onnx=80.9,net:vgg11=70.4,net:alexnet=56.5");
  }
  measured() { return this.make("measured", "measure", "net:alexnet", "--runner", "fake", "--on", "jetson-nano", "--batch", "1,8"); }
  byLayer() { return this.make("by-layer", "measure", "net:alexnet", "--by-layer", "--runner", "fake", "--on", "jetson-nano"); }
  unmetered() { return this.make("unmetered", "measure", "net:alexnet", "--runner", "fake", "--meter", "none"); }

  /// Nothing where the measured data are not there.
  evaluated() {
    const folder = [process.env.WATTLAYER_SHARED, join(this.source, "../shared"), join(this.source, "../../shared")].filter(Boolean).map((f) => join(f, "data/gaissa-seaa2023")).find(existsSync);
    return folder ? this.make("evaluated", "evaluate", "--dataset", "gaissa-seaa2023", "--dir", folder, "--method", "mac-linear", "--quiet") : null;
  }
}
