"""The same as the gRPC service for readers, as JSON over HTTP, with its OpenAPI document."""
