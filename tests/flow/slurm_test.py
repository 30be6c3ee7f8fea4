#!/usr/bin/env python3
"""`wattlayer collect --slurm` against a Slurm of three nodes on this machine's loopback: the daemons are started here, in a folder
and on ports of their own, and ended here. Exit status 77: skipped, because Slurm is not here or this user is not root."""
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ITEMS = 60

CAMPAIGN = """{"schema": 1, "title": "t", "protocol": {"group": 2, "min_windows": 3, "window_s": 0.1, "idle_s": 0},
 "random": [{"layer": "Relu {n}", "ranges": {"n": [1000, 100000000]}, "count": %d}]}""" % ITEMS


def skip(reason):
    print("SKIPPED:", reason)
    sys.exit(77)


def free_ports(count):
    """The first of `count` ports in a row that nobody uses now."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        if first + count > 65535:
            continue
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue


class Cluster:
    def __init__(self, folder):
        self.folder, self.running = folder, []
        port = free_ports(4)
        host = socket.gethostname().split(".")[0]
        (folder / "slurm.conf").write_text(f"""
ClusterName=wattlayer
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
ReturnToService=2
MailProg=/bin/true
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
NodeName=n[1-3] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{port + 1}-{port + 3}] CPUs=1 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES State=UP MaxTime=INFINITE OverSubscribe=EXCLUSIVE
""")
        for name in ("state", "spool-n1", "spool-n2", "spool-n3"):
            (folder / name).mkdir()
        (folder / "munge.key").write_bytes(os.urandom(128))
        os.chmod(folder / "munge.key", 0o600)
        self.environment = dict(os.environ, SLURM_CONF=str(folder / "slurm.conf"))

    def start(self, command):
        log = open(self.folder / "daemons.log", "a")
        self.running.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def __enter__(self):
        f = self.folder
        self.start(["/usr/sbin/munged", "--foreground", "--force", f"--key-file={f}/munge.key", f"--socket={f}/munge.socket",
                    f"--pid-file={f}/munged.pid", f"--log-file={f}/munged.log", f"--seed-file={f}/munged.seed"])
        self.wait_for(lambda: (f / "munge.socket").exists(), 20, "munged makes its socket")
        self.start(["/usr/sbin/slurmctld", "-D", "-c", "-f", f"{f}/slurm.conf"])
        for node in ("n1", "n2", "n3"):
            self.start(["/usr/sbin/slurmd", "-D", "-c", "-f", f"{f}/slurm.conf", "-N", node])
        self.wait_for(lambda: self.ask("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == "3", 60, "three nodes are idle")
        return self

    def __exit__(self, *_):
        for daemon in reversed(self.running):
            daemon.terminate()
        for daemon in reversed(self.running):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def ask(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout

    def wait_for(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "".join(f"\n--- {log.name}\n{log.read_text()[-3000:]}" for log in self.folder.glob("*.log"))
                raise AssertionError(f"not within {seconds} s: {what}\n{self.ask('squeue')}{self.ask('sinfo')}{logs}")
            time.sleep(0.2)

    def wait_until_empty(self):
        self.wait_for(lambda: self.ask("squeue", "-h").strip() == "", 120, "all jobs have ended")


def rows(database):
    with sqlite3.connect(database) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        return {key: (energy, failure) for key, energy, failure in db.execute("select row, energy_j, failure from measurement")}


def check(condition, what, *found):
    if not condition:
        raise AssertionError(what + "".join(f"\nfound: {f}" for f in found))
    print("ok:", what)


def run(cluster, *command):
    done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True)
    check(done.returncode == 0, " ".join(command[1:4]) + " goes well", done.stdout, done.stderr)
    return done.stdout


def test_array(cluster, program, folder):
    collect = [program, "collect", str(folder / "small.json"), "--runner", "fake", "--meter", "fake", "--db", str(folder / "all.db")]
    text = run(cluster, *collect, "--slurm-array", "3", "--slurm-option=--comment='a test'")
    check("measures in 3 tasks" in text, "collect --slurm-array 3 submits three tasks and a merge", text)
    cluster.wait_until_empty()
    merged = rows(folder / "all.db")
    parts = [rows(folder / "all.slurm" / f"task-{task}.db") for task in (1, 2, 3)]
    check(len(merged) == ITEMS, "the merged database has every item", len(merged), (folder / "all.slurm" / "merge.log").read_text())
    check(all(parts) and sum(map(len, parts)) == ITEMS, "the tasks share the items, each has some", list(map(len, parts)))
    check(all(energy > 0 and not failure for energy, failure in merged.values()), "every row has a figure")
    for task in (1, 2, 3):
        text = run(cluster, program, "import", str(folder / "all.slurm" / f"task-{task}.db"), "--db", str(folder / "all.db"))
        check(text.startswith("0 measurements added"), f"merging task {task} again adds nothing", text)
    check(rows(folder / "all.db") == merged, "and changes nothing")
    text = run(cluster, *collect)
    check(text.startswith(f"0 measured, 0 failed, {ITEMS} were there already"), "one machine finds nothing left to do", text)


def test_one_counter_for_three_tasks(cluster, program, folder):
    """The three nodes are one machine: with a counter that they share, only one task at a time may measure."""
    run(cluster, program, "collect", str(folder / "small.json"), "--runner", "fake", "--meter", "fake:board+device=shared",
        "--runner-option", "delay=0.03", "--db", str(folder / "one.db"), "--slurm-array", "3")
    cluster.wait_until_empty()
    logs = [(folder / "one.slurm" / f"task-{task}.log").read_text() for task in (1, 2, 3)]
    refused = [log for log in logs if "fake:shared" in log]
    check(len(refused) == 2, "two of three tasks on the same counter are refused", *logs)
    check(all("process" in log for log in refused), "and are told who holds it", *refused)


def main():
    program = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("Slurm's daemons need root here")
    for daemon in ("munged", "slurmctld", "slurmd"):
        if not os.path.exists(f"/usr/sbin/{daemon}"):
            skip(f"{daemon} is not installed; tools/install_packages.sh slurm installs it")
    folder = Path(tempfile.mkdtemp(prefix="wattlayer-slurm-"))
    os.chmod(folder, 0o755)
    try:
        (folder / "small.json").write_text(CAMPAIGN)
        with Cluster(folder) as cluster:
            test_array(cluster, program, folder)
            test_one_counter_for_three_tasks(cluster, program, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
