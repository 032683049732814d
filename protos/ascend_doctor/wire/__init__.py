"""Between the model and the protocol: conversion, limits, and the stream protocol without I/O.

The agent's uplink and the collector's ingest use it so:

    agent      effects = session.received(read_response(message), now)    # `AgentSession`
               for each `Send`: write every message of `request_messages(frame, session.max_message_bytes)`
    collector  frame = reader.read(message)                               # `RequestReader`; None while parts lack
               effects = session.received(frame, now)                     # `CollectorSession`
               for each `Send`: write `response_message(frame)`

Each input of a session returns effects, to be done in their order: `Send` a frame, `Commit` to the store, `Deliver` to
the rest of the program, `Close` the stream.
"""

import os

# gRPC's fork handlers break processes that the same program starts. The setting is read when grpc is imported, and
# every module here that imports it lies behind this one.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
# Its newer threads for events hand every message on once more. The older way costs a quarter less CPU where thousands
# of streams say little (measured with grpcio 1.80). A release complains on standard error of words that it does not
# know: these are known from 1.80 to 1.85.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener,-event_engine_client,-event_engine_callback_cq")
# Its own log lines go to standard error, past every log of ours; what matters in them comes as the status of a call.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
