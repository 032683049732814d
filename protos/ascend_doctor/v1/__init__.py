"""The generated code of the protocol `ascend_doctor.v1`; its meaning is told in the `.proto` files beside it."""
