"""A throw-away Slurm of one node, bound to loopback, from the system's own packages. For tests; no system service.

Everything is in one directory: configuration, munge key and socket, state, logs. Nothing outside it is written, and
what was started is stopped by its process id.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "sacct", "scontrol")
PATIENCE_S = 40.0
FAKE_GPUS = ("/dev/null", "/dev/zero")


def missing() -> str:
    """Why there can be no Slurm here; empty if there can."""
    lacking = [name for name in NEEDED if shutil.which(name, path=_path()) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (Debian: slurm-wlm munge)"
    if os.geteuid() != 0:
        return "starting slurmd needs root"
    try:
        socket.gethostbyname(_host())
    except OSError:
        return f"the host's own name {_host()} does not resolve"
    return ""


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _host() -> str:
    return socket.gethostname().split(".")[0]


def _free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class SlurmNode:
    """Munge, a controller and one node with two make-believe GPUs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.conf = folder / "slurm.conf"

    @property
    def env(self) -> dict[str, str]:
        """What a client needs."""
        return {"SLURM_CONF": str(self.conf), "PATH": _path()}

    def start(self) -> None:
        """Start it and wait until its node takes jobs."""
        for name in ("state", "spool", "log", "run"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        for part in self.folder.parents:
            if part != Path("/") and part.stat().st_uid == os.geteuid():
                part.chmod(part.stat().st_mode | 0o111)
        self._write()
        self._munge()
        self.controller()
        self._until(["scontrol", "ping"], "is UP")
        self.node()
        self._until(["sinfo", "-h", "-o", "%t"], "idle")

    def controller(self) -> None:
        """Start the controller (again)."""
        self._start("slurmctld", ["slurmctld", "-D", "-f", str(self.conf)])

    def node(self) -> None:
        """Start the node (again)."""
        self._start("slurmd", ["slurmd", "-D", "-f", str(self.conf), "-N", _host()])

    def kill(self, name: str) -> None:
        """End one of its daemons at once, as a crash does."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End every job, then every process that was started here."""
        if "slurmctld" in self.processes:
            subprocess.run(["scancel", "--me"], env={**os.environ, **self.env}, timeout=20, check=False)
            end = time.monotonic() + 15
            while self._ask(["squeue", "-h"]).strip() and time.monotonic() < end:
                time.sleep(0.1)
        for name in ("slurmd", "slurmctld", "munged"):
            process = self.processes.pop(name, None)
            if process is not None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _write(self) -> None:
        host, (ctld, node) = _host(), _free_ports(2)
        memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 0.8 / 2**20)
        at = self.folder
        settings = {
            "ClusterName": "probe", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmctldPort": ctld, "SlurmdPort": node,
            "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny", "AuthType": "auth/munge",
            "AuthInfo": f"socket={at}/run/munge.socket", "CredType": "cred/munge", "SlurmUser": "root",
            "SlurmdUser": "root", "StateSaveLocation": f"{at}/state", "SlurmdSpoolDir": f"{at}/spool",
            "SlurmctldPidFile": f"{at}/run/slurmctld.pid", "SlurmdPidFile": f"{at}/run/slurmd.pid",
            "SlurmctldLogFile": f"{at}/log/slurmctld.log", "SlurmdLogFile": f"{at}/log/slurmd.log",
            "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none",
            "JobAcctGatherType": "jobacct_gather/linux", "JobAcctGatherFrequency": 1,
            "JobAcctGatherParams": "OverMemoryKill", "MailProg": "/bin/true", "ReturnToService": 2,
            "SchedulerType": "sched/backfill", "SchedulerParameters": "bf_interval=2,sched_interval=2",
            "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core_Memory", "DefMemPerCPU": 200,
            "SlurmdParameters": "config_overrides", "MinJobAge": 300, "KillWait": 2, "GresTypes": "gpu",
        }  # fmt: skip
        lines = [f"{name}={value}" for name, value in settings.items()]
        gpus = f"Gres=gpu:fake:{len(FAKE_GPUS)}"
        lines.append(f"NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory={memory} {gpus} State=UNKNOWN")
        lines.append(f"PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP")
        self.conf.write_text("\n".join([*lines, ""]))
        gres = [f"NodeName={host} Name=gpu Type=fake File={device}" for device in FAKE_GPUS]
        (at / "gres.conf").write_text("\n".join([*gres, ""]))
        version = subprocess.run(["slurmctld", "-V"], env={"PATH": _path()}, capture_output=True, text=True, check=True)
        release = tuple(int(part) for part in version.stdout.split()[1].split(".")[:2])
        if release >= (23, 11):
            # Newer releases start a cgroup plugin that nothing here uses; older ones do not know how not to.
            (at / "cgroup.conf").write_text("CgroupPlugin=disabled\n")

    def _munge(self) -> None:
        key, run = self.folder / "munge.key", self.folder / "run"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self._start(
            "munged",
            ["munged", "--force", "--foreground", f"--key-file={key}", f"--socket={run}/munge.socket",
             f"--pid-file={run}/munged.pid", f"--log-file={self.folder}/log/munged.log",
             f"--seed-file={run}/munge.seed"],
        )  # fmt: skip
        end = time.monotonic() + PATIENCE_S
        while not (run / "munge.socket").exists():
            assert time.monotonic() < end, "munged did not start"
            time.sleep(0.05)

    def _start(self, name: str, words: Sequence[str]) -> None:
        log = (self.folder / "log" / f"{name}.out").open("ab")
        self.processes[name] = subprocess.Popen(
            words, env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()

    def _ask(self, words: Sequence[str]) -> str:
        done = subprocess.run(
            words, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout

    def _until(self, words: Sequence[str], wanted: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while wanted not in self._ask(words):
            assert time.monotonic() < end, f"{words[0]} never said {wanted!r}; logs in {self.folder}/log"
            time.sleep(0.1)
