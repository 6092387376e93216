"""A stand-in for Microsoft 365 on loopback, for the demo and the tests: sign-in pages, tokens and Graph mail, strict about
what is asked of it, with every fault of the real one on demand."""
