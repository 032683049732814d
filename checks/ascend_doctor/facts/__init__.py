"""What the tools say: for each kind of answer its frozen facts, its parser, and the `Source` that asks for it.

Parsers are pure functions of the answer. They never guess: what they do not know they refuse with a `ParseError`
that names the place, and `Source.read` turns that into a `Missing`.
"""
