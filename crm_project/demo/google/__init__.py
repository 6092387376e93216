"""A stand-in for Google on loopback: sign-in with consent pages, tokens, the Gmail API and its announcements through Pub/Sub.

For the tests and for the demo. It is strict where Google's documentation is: what the discovery document of the Gmail API does
not name is refused. It knows no Django.
"""
