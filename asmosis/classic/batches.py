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
_PIPE = 1024 * 1024  # bytes, for an answer and more; what Linux lets everybody have
_NUMBER = 8  # bytes of a batch's position, and of the length before each message
_Batches = Sequence[Sequence[Path]]
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
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    todo = deque(range(len(batches)))
    answers: _Answers = SimpleQueue()
    read: dict[int, Iterable[Document | UnreadableDocument]] = {}
    with ExitStack() as stack:
        for _ in range(1, cores):
            stack.enter_context(_worker(batches, todo, answers))
        for position in range(len(batches)):
            while position not in read:
                if answers.empty() and (own := _next(todo)) is not None:
                    read[own] = [_attempt(path) for path in batches[own]]
                    continue
                answered, packed = answers.get()
                if not packed:
                    raise ChildProcessError("a process that reads documents ended too early")
                read[answered] = map(_unpacked, _BATCHES.decode(packed))
            yield from read.pop(position)


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Be a worker: take the names of all files, then answer one batch after the other, until nobody asks any more."""
    # Models are in no cycles, and this process does nothing else.
    gc.disable()
    encoder = msgspec.msgpack.Encoder(enc_hook=_revealed)
    batches = msgspec.msgpack.decode(_message(asked), type=list[list[str]])
    while position := asked.read(_NUMBER):
        paths = batches[int.from_bytes(position)]
        _send(answers, encoder.encode([_packed(_attempt(Path(path)), encoder) for path in paths]))


def _attempt(path: Path) -> Document | UnreadableDocument:
    try:
        return read_document(path.read_bytes(), str(path))
    except OSError as error:
        return UnreadableDocument(str(path), error.strerror or str(error))
    except UnreadableDocument as error:
        return error


@contextmanager
def _worker(batches: _Batches, todo: deque[int], answers: _Answers) -> Iterator[None]:
    """A process that reads what is to do; its answers wait, so that one large document does not make all wait."""
    command = [sys.executable, "-m", "asmosis.classic.batches"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        taker = Thread(target=_take, args=(process, batches, todo, answers), name="answers", daemon=True)
        taker.start()
        try:
            yield
        finally:
            process.kill()
            taker.join()


def _take(process: "subprocess.Popen[bytes]", batches: _Batches, todo: deque[int], answers: _Answers) -> None:
    """Keep a process busy, and pass its answers on; an empty one if it ends too early, be it because it was killed."""
    if not process.stdin or not process.stdout:
        return
    _widen(process.stdout)
    asked: deque[int] = deque()
    with suppress(BrokenPipeError), process.stdin:
        # Positions are so short that nobody ever waits for one to be taken, which could be for good.
        _send(process.stdin, msgspec.msgpack.encode([list(map(str, batch)) for batch in batches]))
        while True:
            while len(asked) < _ASKED and (position := _next(todo)) is not None:
                asked.append(position)
                process.stdin.write(position.to_bytes(_NUMBER))
            process.stdin.flush()
            if not asked or not (packed := _message(process.stdout)):
                break
            answers.put((asked.popleft(), packed))
    if asked:
        answers.put((asked[0], b""))


def _widen(pipe: IO[bytes]) -> None:
    """Have a pipe hold answers that nobody has taken yet, where the system can; else their process waits for that."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 -- not everywhere

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _next(todo: deque[int]) -> int | None:
    try:
        return todo.popleft()
    except IndexError:
        return None


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_NUMBER) + message)
    pipe.flush()


def _message(pipe: IO[bytes]) -> bytes:
    """The next message; empty if there will be none, or only a part of one."""
    length = int.from_bytes(pipe.read(_NUMBER))
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
