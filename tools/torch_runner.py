"""Speaks the runner protocol with a runner process; for the checks of tools/."""
import json
import subprocess


class Failed(Exception):
    """The runner answered with an error; `kind` is the protocol's."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class Runner:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.number = 0
        self.info = self.ask(do="hello", protocol=1)

    def ask(self, **request):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, **request}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the runner ended with status {self.process.wait()}")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"], reply["message"])
        return reply
