#!/usr/bin/env python3
"""JUnit of `check-budget` is what the schemas of Ant (windyroad) and Jenkins both allow: junit_test.py WATTLAYER"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

REQUIRED = {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "time"}


def main() -> None:
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "wattlayer.toml").write_text(
            '[[budget]]\nnetwork = ["net:resnet18", "gone <&\\">.onnx"]\non = "jetson-nano"\nmax_j = 1e3\n'
            '[[budget]]\nnetwork = "net:resnet18"\non = "jetson-nano"\nmax_j = 1e-6\n'
            '[[budget]]\nnetwork = "net:resnet18"\non = "rtx-4090"\nmax_j = 1\n')
        run = subprocess.run([program, "check-budget", "--junit", "junit.xml"], cwd=folder, capture_output=True, text=True)
        assert run.returncode == 1, run
        root = xml.parse(folder / "junit.xml").getroot()
    assert root.tag == "testsuites" and len(root) == 1, root
    suite = root[0]
    assert suite.tag == "testsuite" and REQUIRED <= set(suite.keys()), suite.attrib
    assert [child.tag for child in suite] == ["properties"] + 4 * ["testcase"] + ["system-out", "system-err"], list(suite)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")), suite.attrib
    assert re.fullmatch(r"\d+\.\d{3}", suite.get("time")), suite.attrib
    cases = suite.findall("testcase")
    assert all({"name", "classname", "time"} == set(case.keys()) for case in cases), [case.attrib for case in cases]
    assert [[child.tag for child in case] for case in cases] == [[], ["error"], ["failure"], ["skipped"]], xml.tostring(suite)
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"], suite.attrib
    assert cases[1].find("error").get("type") == "failed" and 'gone <&">.onnx' in cases[1].find("error").text
    assert cases[2].find("failure").get("type") == "over"


if __name__ == "__main__":
    main()
