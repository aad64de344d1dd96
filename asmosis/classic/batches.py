"""Reads many documents on all cores: a process for every further core takes batches of files as long as there are any.

Reading keeps the interpreter busy, so threads would only take turns; to take over what a process answers costs a tenth
of reading it. This process reads a batch whenever no answer is there: it reads the less, the more its caller does with
the documents meanwhile.
"""

import gc
import os
import signal
import subprocess
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
_ASKED = 4  # batches that a process is given before it answers, so that it never waits for the next
_PIPE = 1 << 20  # bytes; an answer should fit in, or its process waits until this one gets round to taking it
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
_LENGTH = 8  # bytes before each message
_Todo = deque[tuple[int, Sequence[Path]]]
_Answers = SimpleQueue[tuple[int, bytes]]


def read_documents(paths: Sequence[Path]) -> Iterator[Document | UnreadableDocument]:
    """The documents in files, in the order of the files; one that cannot be read is its error.

    Raises:
        ChildProcessError: a worker process was killed.
    """
    cores = _cores()
    if cores == 1 or not _worth_a_process(paths) or not all(map(_is_text, paths)):
        yield from map(_attempt, paths)
        return
    todo = deque(enumerate(paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)))
    answers: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    read: dict[int, Iterable[Document | UnreadableDocument]] = {}
    with ExitStack() as stack:
        positions = range(len(todo))
        for _ in range(1, cores):
            stack.enter_context(_worker(todo, answers))
        for position in positions:
            while position not in read:
                if answers.empty() and (batch := _next(todo)):
                    read[batch[0]] = [_attempt(path) for path in batch[1]]
                    continue
                answered, packed = answers.get()
                if not packed:
                    raise ChildProcessError("a process that reads documents ended too early")
                read[answered] = map(_unpacked, _BATCHES.decode(packed))
            yield from read.pop(position)


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Be a worker: answer one batch of files after the other, until nobody asks any more."""
    # Models are in no cycles, and this process does nothing else.
    gc.disable()
    encoder = msgspec.msgpack.Encoder(enc_hook=_revealed)
    while packed := _taken(asked):
        paths = msgspec.msgpack.decode(packed, type=list[str])
        _give(answers, encoder.encode([_packed(_attempt(Path(path)), encoder) for path in paths]))


def _attempt(path: Path) -> Document | UnreadableDocument:
    try:
        return read_document(path.read_bytes(), str(path))
    except OSError as error:
        return UnreadableDocument(str(path), error.strerror or str(error))
    except UnreadableDocument as error:
        return error


@contextmanager
def _worker(todo: _Todo, answers: _Answers) -> Iterator[None]:
    """A process that reads what is to do; its answers wait, so that one large document does not make all wait."""
    command = [sys.executable, "-m", "asmosis.classic.batches"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=_PIPE) as process:
        taker = Thread(target=_take, args=(process, todo, answers), name="answers", daemon=True)
        taker.start()
        try:
            yield
        finally:
            process.kill()
            taker.join()


def _take(process: "subprocess.Popen[bytes]", todo: _Todo, answers: _Answers) -> None:
    """Keep a process busy, and pass its answers on; an empty one if it ends too early, be it because it was killed."""
    if not process.stdin or not process.stdout:
        return
    asked: deque[int] = deque()
    with suppress(BrokenPipeError), process.stdin:
        while True:
            while len(asked) < _ASKED and (batch := _next(todo)):
                asked.append(batch[0])
                _give(process.stdin, msgspec.msgpack.encode(list(map(str, batch[1]))))
            if not asked or not (packed := _taken(process.stdout)):
                break
            answers.put((asked.popleft(), packed))
    if asked:
        answers.put((asked[0], b""))


def _next(todo: _Todo) -> tuple[int, Sequence[Path]] | None:
    try:
        return todo.popleft()
    except IndexError:
        return None


def _give(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH) + message)
    pipe.flush()


def _taken(pipe: IO[bytes]) -> bytes:
    """The next message; empty if there will be none, or only a part of one."""
    length = int.from_bytes(pipe.read(_LENGTH))
    message = pipe.read(length)
    return message if len(message) == length else b""


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
