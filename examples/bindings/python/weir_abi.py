# SPDX-License-Identifier: MIT
"""The headers of weir for ctypes: constants, structs and functions, and nothing else.

The library is found by the environment variable WEIR_LIB or next to this file. A function that
returns a negative status raises Error.
"""

import ctypes
import os
import sys
from ctypes import POINTER, c_char, c_char_p, c_int, c_int32, c_size_t, c_uint16, c_uint32, \
    c_uint64, c_uint8, c_void_p
from enum import IntEnum, IntFlag
from pathlib import Path

NONE = 2**64 - 1  # no limit, never

Role = IntEnum("Role", "SERVER CLIENT")
Type = IntEnum("Type", "TEXT BINARY")
Compression = IntEnum("Compression", {"PLAIN": 0x10, "COMPRESS": 0x20, "AUTO": 0x30})
State = IntEnum("State", "CONNECTING OPEN CLOSING CLOSED", start=0)
EventType = IntEnum("EventType", "REQUEST HTTP OPEN REJECTED MESSAGE CHUNK PING PONG CLOSE CLOSED"
                                 " HIGH_WATER WRITABLE RELEASED")
Flag = IntFlag("Flag", "TEXT FIRST LAST CLEAN SOLICITED DROPPED COMPRESSED")
Want = IntFlag("Want", "INPUT OUTPUT EVENTS SHUTDOWN_WRITE CLOSE")
TextId = IntEnum("TextId", "METHOD TARGET PATH QUERY HOST ORIGIN REASON SUBPROTOCOL")
Side = IntEnum("Side", "NONE LOCAL PEER TRANSPORT LIBRARY", start=0)
Deflate = IntEnum("Deflate", "OFF ON PREFERRED ALWAYS", start=0)
Level = IntEnum("Level", "COMPACT FAST DEFAULT BEST")
CodecStep = IntEnum("CodecStep", "INPUT OUTPUT DONE LARGER", start=0)
Option = IntEnum("Option", """
    MAX_LINE_BYTES MAX_HEAD_BYTES MAX_FIELDS MAX_EMPTY_LINES MAX_LIST_MEMBERS MAX_EMPTY_MEMBERS
    MAX_EXTENSION_OFFERS MAX_EXTENSION_PARAMS MAX_EARLY_BYTES MAX_INTERIM MAX_REJECT_BYTES
    AUTO_ACCEPT HTTP_EVENTS REQUIRE_ORIGIN REQUIRE_SUBPROTOCOL ORIGINS HOSTS PATHS SUBPROTOCOLS
    MAX_MESSAGE_BYTES MAX_FRAME_BYTES MAX_FRAGMENTS MAX_EMPTY_FRAGMENTS FLOOD_RATE FLOOD_BURST
    DELIVER_CHUNKS DELIVER_AFTER_CLOSE HIGH_WATER_BYTES LOW_WATER_BYTES MAX_QUEUED_BYTES
    FRAGMENT_BYTES CHECK_TEXT SCRIPT_CLOSE_CODES HANDSHAKE_TIMEOUT_MS CONNECT_TIMEOUT_MS
    PING_INTERVAL_MS PONG_TIMEOUT_MS IDLE_TIMEOUT_MS CLOSE_TIMEOUT_MS LINGER_TIMEOUT_MS
    MAX_POOLED_BYTES MAX_CONTEXT_BYTES READ_BUFFER_BYTES SEED
    DEFLATE DEFLATE_LEVEL DEFLATE_TX_BITS DEFLATE_RX_BITS DEFLATE_RX_FIRM DEFLATE_TX_TAKEOVER
    DEFLATE_RX_TAKEOVER DEFLATE_MIN_BYTES DEFLATE_MAX_RATIO DEFLATE_MAX_BLOCKS DEFLATE_MAX_BYTES
    DEFLATE_IDLE_MS""")


# ---- Structs, with the names and fields of the headers -------------------------------------------

def _padded(name, kind):  # pointers and sizes of an event take eight bytes everywhere
    pad = [("pad_" + name, c_uint32)] if ctypes.sizeof(c_void_p) == 4 else []
    return [(name, kind)] + pad


class weir_text(ctypes.Structure):
    _fields_ = [("data", POINTER(c_char)), ("len", c_size_t)]

    def __str__(self):
        return self.data[:self.len].decode("utf-8", "replace") if self.len else ""


class weir_span(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


class weir_field(ctypes.Structure):
    _fields_ = [("name", weir_text), ("value", weir_text)]


class weir_event(ctypes.Structure):
    _fields_ = [("type", c_uint32), ("flags", c_uint32), *_padded("data", c_void_p),
                *_padded("len", c_size_t), ("offset", c_uint64), ("frame_left", c_uint64),
                ("token", c_uint64), ("rtt_ms", c_uint32), ("cause", c_int32), ("code", c_uint16),
                ("reserved", c_uint16 * 3)]


class weir_request(ctypes.Structure):
    _fields_ = [("url", weir_text), ("subprotocols", weir_text), ("origin", weir_text),
                ("fields", POINTER(weir_field)), ("field_count", c_size_t)]


class weir_report(ctypes.Structure):
    _fields_ = [("side", c_int32), ("cause", c_int32), ("code", c_uint16), ("local_code", c_uint16),
                ("peer_code", c_uint16), ("http_status", c_uint16), ("clean", c_uint32),
                ("reserved", c_uint32), ("offset", c_uint64), ("text", weir_text),
                ("reason", weir_text)]


class weir_stats(ctypes.Structure):
    _fields_ = [(name, c_uint64) for name in (
        "rx_bytes", "tx_bytes", "rx_messages", "tx_messages", "rx_control", "tx_control",
        "queued_bytes", "held_bytes", "rtt_ms", "connections", "opened", "failed", "peak_bytes",
        "rx_deflated_bytes", "rx_inflated_bytes", "tx_inflated_bytes", "tx_deflated_bytes",
        "tx_skipped", "deflate_bytes")]


class weir_frame_head(ctypes.Structure):
    _fields_ = [("len", c_uint64), ("key", c_uint8 * 4), ("fin", c_uint8), ("rsv", c_uint8),
                ("opcode", c_uint8), ("masked", c_uint8)]


class weir_utf8(ctypes.Structure):
    _fields_ = [("state", c_uint32)]


class weir_url(ctypes.Structure):
    _fields_ = [("host", weir_text), ("host_raw", weir_text), ("path", weir_text),
                ("query", weir_text), ("port", c_uint32), ("secure", c_uint32),
                ("default_port", c_uint32), ("ipv6", c_uint32)]


# ---- Functions: what each returns, then its arguments --------------------------------------------

_config = _context = _conn = _message = _bytes = _codec = _scratch = c_void_p
_data = (_bytes, c_size_t)
_chars = (c_char_p, c_size_t)
_fields = (POINTER(weir_field), c_size_t)
_events = (POINTER(weir_event), c_size_t)
_handle = POINTER(c_void_p)
_count = POINTER(c_size_t)
_memory = (c_void_p, c_size_t)
_room = (_count, c_void_p, c_size_t, _count)

_FUNCTIONS = {
    "version": (c_uint32,),
    "status_name": (c_char_p, c_int),
    "status_text": (c_char_p, c_int),
    "status_wire": (c_uint32, c_int),
    "config_size": (c_size_t,),
    "config_init": (c_int, _config, c_size_t),
    "config_init_tiny": (c_int, _config, c_size_t),
    "config_set": (c_int, _config, c_int, c_uint64),
    "config_set_text": (c_int, _config, c_int, *_chars),
    "config_get": (c_int, _config, c_int, POINTER(c_uint64)),
    "context_create": (c_int, _config, _handle),
    "context_free": (c_int, _context),
    "context_set_time": (c_int, _context, c_uint64),
    "context_next_due": (c_uint64, _context),
    "context_next_ready": (c_void_p, _context),
    "context_stats": (c_int, _context, POINTER(weir_stats), c_size_t),
    "conn_create_server": (c_int, _context, _handle),
    "conn_create_client": (c_int, _context, POINTER(weir_request), _handle),
    "conn_create_established": (c_int, _context, c_int, _handle),
    "conn_free": (None, _conn),
    "conn_set_user": (c_int, _conn, c_void_p),
    "conn_user": (c_void_p, _conn),
    "conn_set": (c_int, _conn, c_int, c_uint64),
    "conn_trim": (c_int, _conn),
    "conn_state": (c_int, _conn),
    "conn_receive": (c_int, _conn, *_data, POINTER(c_size_t), *_events),
    "conn_events": (c_int, _conn, *_events),
    "conn_receive_eof": (c_int, _conn),
    "conn_input_buffer": (c_void_p, _conn, POINTER(c_size_t)),
    "conn_input_filled": (c_int, _conn, c_size_t, POINTER(c_size_t), *_events),
    "conn_text": (c_int, _conn, c_int, POINTER(weir_text)),
    "conn_header": (c_int, _conn, *_chars, c_size_t, POINTER(weir_text)),
    "conn_header_at": (c_int, _conn, c_size_t, POINTER(weir_field)),
    "conn_offered_subprotocol": (c_int, _conn, c_size_t, POINTER(weir_text)),
    "conn_accept": (c_int, _conn, *_chars, *_fields),
    "conn_respond": (c_int, _conn, c_int, *_fields, *_data),
    "conn_send": (c_int, _conn, c_int, *_data),
    "conn_send_ref": (c_int, _conn, c_int, *_data, c_uint64),
    "conn_send_message": (c_int, _conn, _message),
    "conn_send_begin": (c_int, _conn, c_int),
    "conn_send_chunk": (c_int, _conn, *_data),
    "conn_send_end": (c_int, _conn, *_data),
    "conn_ping": (c_int, _conn, *_data),
    "conn_pong": (c_int, _conn, *_data),
    "conn_close": (c_int, _conn, c_int, *_chars),
    "message_create": (c_int, _context, c_int, *_data, _handle),
    "message_retain": (c_int, _message),
    "message_free": (None, _message),
    "conn_wants": (c_uint32, _conn),
    "conn_output": (c_int, _conn, POINTER(weir_span), c_size_t),
    "conn_sent": (c_int, _conn, c_size_t),
    "conn_buffered_amount": (c_uint64, _conn),
    "conn_report": (c_int, _conn, POINTER(weir_report), c_size_t),
    "conn_stats": (c_int, _conn, POINTER(weir_stats), c_size_t),
    "frame_head_read": (c_int, *_data, POINTER(weir_frame_head)),
    "frame_head_write": (c_int, POINTER(weir_frame_head), _bytes),
    "mask": (c_uint32, *_data, _bytes, c_uint64),
    "utf8_check": (c_size_t, POINTER(weir_utf8), *_data, c_int),
    "accept_key": (c_int, *_chars, _bytes),
    "url_parse": (c_int, *_chars, POINTER(weir_url)),
    "close_code_valid": (c_int, c_uint32),
    "close_payload_read": (c_int, *_data, POINTER(c_uint32), POINTER(weir_text)),
    "close_payload_write": (c_int, c_uint32, *_chars, _bytes),
    "inflate_size": (c_size_t, c_int),
    "inflate_scratch_size": (c_size_t, c_int),
    "inflate_scratch_init": (c_int, *_memory, c_int, _handle),
    "inflate_init": (c_int, *_memory, c_int, c_int, _handle),
    "inflate_run": (c_int, _codec, _scratch, *_data, c_int, *_room),
    "inflate_blocks": (c_uint64, _codec),
    "deflate_size": (c_size_t, c_int, c_int),
    "deflate_scratch_size": (c_size_t, c_int),
    "deflate_scratch_init": (c_int, *_memory, c_int, _handle),
    "deflate_init": (c_int, *_memory, c_int, c_int, _handle),
    "deflate_bound": (c_size_t, c_size_t),
    "deflate_run": (c_int, _codec, _scratch, *_data, c_int, c_size_t, *_room),
    "deflate_alone": (c_int, _scratch, c_int, c_int, *_data, c_int, *_room),
    "deflate_forget": (None, _codec),
    "deflate_worth": (c_int, *_data),
}


class Error(Exception):
    """A call was refused; status says why. The connection is as it was before."""

    def __init__(self, status):
        super().__init__(f"{lib.weir_status_name(status).decode()}: "
                         f"{lib.weir_status_text(status).decode()}")
        self.status = status


def _check(result, *_):
    if result < 0:
        raise Error(result)
    return result


def _load():
    name = {"win32": "weir.dll", "darwin": "libweir.dylib"}.get(sys.platform, "libweir.so")
    # PyDLL keeps the interpreter's lock: no call waits, and garbage of other threads stays away.
    loaded = ctypes.PyDLL(os.environ.get("WEIR_LIB") or str(Path(__file__).with_name(name)))
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(loaded, "weir_" + name)
        function.restype, function.argtypes = result, arguments
        if result is c_int:
            function.errcheck = _check
    return loaded


lib = _load()
Status = IntEnum("Status", {name.decode()[5:]: number for number in range(2, -600, -1)
                            if (name := lib.weir_status_name(number)) != b"unknown"})
