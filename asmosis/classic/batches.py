"""Reads many documents on all cores: a process for every further core is given its files once, and answers in batches.

Reading keeps the interpreter busy, so threads would only take turns; to take over what a process answers costs a tenth
of reading it. While no answer is there, this process reads its own share ahead.
"""

import gc
import os
import signal
import subprocess
import sys
import types
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import accumulate
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

import msgspec
from pydantic import SecretStr

from asmosis.classic.documents import READABLE, Document, read_document
from asmosis.errors import UnreadableDocument

_BATCH = 16  # documents in one answer
_WORTH_A_PROCESS = 8 * 1024 * 1024  # bytes; less is read sooner than an interpreter starts


class _Answer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A document between processes: its models packed for the decoder of `model`, or the `problem` with it."""

    place: str
    root: str = ""
    model: str = ""
    models: bytes = b""
    unread: tuple[str, ...] = ()
    problem: str = ""


_BATCHES = msgspec.msgpack.Decoder(list[_Answer])
_LENGTH = 8  # bytes before each batch


def read_documents(paths: Sequence[Path]) -> Iterator[Document | UnreadableDocument]:
    """The documents in files, in the order of the files; one that cannot be read is its error.

    Raises:
        ChildProcessError: a worker process was killed.
    """
    cores = _cores()
    if cores == 1 or not _worth_a_process(paths) or not all(map(_is_text, paths)):
        yield from map(_attempt, paths)
        return
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    with ExitStack() as stack:
        # This process reads the first batch of every round itself.
        others = [stack.enter_context(_worker(batches[first::cores])) for first in range(1, cores)]
        own = iter(batches[::cores])
        ahead: deque[list[Document | UnreadableDocument]] = deque()
        for position in range(len(batches)):
            turn = position % cores
            if turn == 0:
                yield from ahead.popleft() if ahead else map(_attempt, next(own))
                continue
            answers = others[turn - 1]
            while answers.empty() and (batch := next(own, None)):
                ahead.append(list(map(_attempt, batch)))
            packed = answers.get()
            if not packed:
                raise ChildProcessError("a process that reads documents ended too early")
            yield from map(_unpacked, _BATCHES.decode(packed))


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Be a worker: take every batch of files first, then answer one after the other."""
    # Models are in no cycles, and this process does nothing else.
    gc.disable()
    encoder = msgspec.msgpack.Encoder(enc_hook=_revealed)
    for batch in msgspec.msgpack.decode(asked.read(), type=list[list[str]]):
        packed = encoder.encode([_packed(_attempt(Path(path)), encoder) for path in batch])
        answers.write(len(packed).to_bytes(_LENGTH) + packed)
    answers.flush()


def _attempt(path: Path) -> Document | UnreadableDocument:
    try:
        return read_document(path.read_bytes(), str(path))
    except OSError as error:
        return UnreadableDocument(str(path), error.strerror or str(error))
    except UnreadableDocument as error:
        return error


@contextmanager
def _worker(batches: Sequence[Sequence[Path]]) -> Iterator["SimpleQueue[bytes]"]:
    """A process that reads; its answers wait here, so that one large document does not make all processes wait."""
    command = [sys.executable, "-m", "asmosis.classic.batches"]
    answers: SimpleQueue[bytes] = SimpleQueue()
    asked = msgspec.msgpack.encode([list(map(str, batch)) for batch in batches])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        taker = Thread(target=_take, args=(process, asked, answers), name="answers", daemon=True)
        taker.start()
        try:
            yield answers
        finally:
            process.kill()
            taker.join()


def _take(process: "subprocess.Popen[bytes]", asked: bytes, answers: "SimpleQueue[bytes]") -> None:
    """Every batch of a process, and an empty one when it has ended, be it because it was killed."""
    if process.stdin and process.stdout:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(asked)
        while length := int.from_bytes(process.stdout.read(_LENGTH)):
            packed = process.stdout.read(length)
            answers.put(packed if len(packed) == length else b"")
    answers.put(b"")


def _packed(read: Document | UnreadableDocument, encoder: msgspec.msgpack.Encoder) -> _Answer:
    if isinstance(read, UnreadableDocument):
        return _Answer(read.place, problem=read.problem)
    model = read.models[0].root if read.models else ""
    return _Answer(read.place, read.root, model, encoder.encode(read.models), read.unread)


def _unpacked(answer: _Answer) -> Document | UnreadableDocument:
    if answer.problem:
        return UnreadableDocument(answer.place, answer.problem)
    models = _decoder(answer.model).decode(answer.models) if answer.model else ()
    return Document(answer.place, answer.root, models, answer.unread)


@cache
def _decoder(root: str) -> msgspec.msgpack.Decoder[Any]:
    models = types.GenericAlias(tuple, (READABLE[root], ...))
    return msgspec.msgpack.Decoder(models, dec_hook=lambda kind, text: kind(text))


def _revealed(secret: Any) -> str:
    """Secrets go from a process to its own parent through a pipe that nobody else has."""
    if not isinstance(secret, SecretStr):
        raise NotImplementedError(f"{type(secret)} in a model")
    return secret.get_secret_value()


def _worth_a_process(paths: Sequence[Path]) -> bool:
    return any(size >= _WORTH_A_PROCESS for size in accumulate(map(_size, paths)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_text(path: Path) -> bool:
    """Whether another process can be told the name; file systems allow bytes that are no text."""
    return str(path).isascii() or not any("\ud800" <= character <= "\udfff" for character in str(path))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; whoever started this process ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
