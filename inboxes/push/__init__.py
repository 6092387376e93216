"""Being told of new mail by the provider, so that it is there within seconds. Everything works without it, a minute later."""
