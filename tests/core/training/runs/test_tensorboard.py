"""The event file, read back by Google's protobuf and by the CRC's published check values."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from core.training.runs.tensorboard import NAME, EventWriter, crc32c, cut_events, event_step, read_events


@pytest.fixture(scope="module")
def event_class() -> Any:
    """The fields of tensorboard's Event that scalars need, as its .proto files number them."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, str]) -> None:
        made = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            label = kinds.LABEL_REPEATED if field == "value" else kinds.LABEL_OPTIONAL
            made.field.add(name=field, number=number, type=kind, label=label, type_name=of or None)  # type: ignore[arg-type]

    message("Value", ("tag", 1, kinds.TYPE_STRING, ""), ("simple_value", 2, kinds.TYPE_FLOAT, ""))
    message("Summary", ("value", 1, kinds.TYPE_MESSAGE, ".t.Value"))
    message(
        "Event",
        ("wall_time", 1, kinds.TYPE_DOUBLE, ""),
        ("step", 2, kinds.TYPE_INT64, ""),
        ("file_version", 3, kinds.TYPE_STRING, ""),
        ("summary", 5, kinds.TYPE_MESSAGE, ".t.Summary"),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def test_the_checksum_is_crc_32c() -> None:
    """The check value of the catalogue of CRCs, and RFC 3720's 32 bytes of zeros and of ones."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_scalars_come_back_with_tag_value_and_step(tmp_path: Path, event_class: Any) -> None:
    with EventWriter(tmp_path) as writer:
        writer.add(1, {"loss/training": 0.5, "dice/training/WT": 0.25})
        writer.add(300_000, {"loss/training": -2.0})
    found = [event_class.FromString(event) for event, _ in read_events((tmp_path / NAME).read_bytes())]
    assert found[0].file_version == "brain.Event:2"
    assert [event.step for event in found] == [0, 1, 300_000]
    assert [[(value.tag, value.simple_value) for value in event.summary.value] for event in found[1:]] == [
        [("loss/training", 0.5), ("dice/training/WT", 0.25)],
        [("loss/training", -2.0)],
    ]
    assert found[0].wall_time <= found[1].wall_time


def test_the_frame_is_length_checksum_data_checksum(tmp_path: Path) -> None:
    """Taken apart byte by byte; the mask is a rotation by 15 bits plus a constant."""
    EventWriter(tmp_path).close()
    content = (tmp_path / NAME).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    assert len(content) == 8 + 4 + length + 4
    for data, stored in ((content[:8], content[8:12]), (content[12:-4], content[-4:])):
        (masked,) = struct.unpack("<I", stored)
        rotated = (masked - 0xA282EAD8) % 2**32
        assert (rotated << 15 | rotated >> 17) % 2**32 == crc32c(data)


def test_a_resumed_run_forgets_later_events_and_a_torn_one_and_writes_on(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        for step in range(1, 6):
            writer.add(step, {"loss": 1.0})
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-3])
    cut_events(tmp_path, 3)
    with EventWriter(tmp_path) as writer:
        writer.add(4, {"loss": 2.0})
    assert [event_step(event) for event, _ in read_events(path.read_bytes())] == [0, 1, 2, 3, 4]
    cut_events(tmp_path / "nothing here", 3)


def test_a_torn_event_at_the_end_is_cut_even_where_its_step_stays(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        writer.add(1, {"loss": 1.0})
        writer.add(2, {"loss": 1.0})
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-1])
    cut_events(tmp_path, 9)
    assert [event_step(event) for event, stop in read_events(path.read_bytes())] == [0, 1]
    assert [stop for _, stop in read_events(path.read_bytes())][-1] == path.stat().st_size
