"""Stand-ins for the world outside: real servers on loopback where there is one, scripted ones for faults."""
