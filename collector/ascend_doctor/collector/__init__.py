"""The collector: it gathers what all nodes say, judges them together, and answers for the whole cluster."""
