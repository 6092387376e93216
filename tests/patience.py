"""No outcome may depend on how busy the machine is, nor on a draw. A plugin."""

import random

import hypothesis
import pytest

PATIENCE = 60.0

# Everywhere as where CI is set: what is right does not depend on a draw, and nobody looks at a clock.
hypothesis.settings.register_profile(
    "patient",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _the_same_draws_in_every_run():
    """Pauses are drawn, for example."""
    random.seed(1)


@pytest.fixture(scope="session", autouse=True)
def _no_server_is_given_up():
    """Limits spare people a wait; here nothing is slow but the machine. Tests about the limits themselves set their own."""
    from crm_project import cache, health
    from crm_project.demo import connections, delivery
    from crm_project.demo.google import pubsub
    from crm_project.demo.microsoft import notifying, subscriptions
    from inboxes import pace, trial
    from inboxes.oauth import transport
    from inboxes.providers import network
    from inboxes.providers.gmail import client as gmail
    from inboxes.providers.graph import client as graph
    from inboxes.providers.imap import idling
    from logging_rules import why_not

    limits = [
        (cache, "PATIENCE"),
        (connections, "ANSWER_SECONDS"),
        (delivery, "ANSWER_SECONDS"),
        (gmail, "SECONDS"),
        (graph, "TIMEOUT_SECONDS"),
        (health, "BROKER_TIMEOUT"),
        (idling, "PATIENCE_SECONDS"),
        (network, "CONNECT_SECONDS"),
        (notifying, "_ANSWER_SECONDS"),
        (pace, "CONNECT_SECONDS"),
        (pubsub, "TIMEOUT_SECONDS"),
        (subscriptions, "HANDSHAKE_SECONDS"),
        (trial, "PATIENCE_SECONDS"),
        (why_not, "PATIENCE_SECONDS"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for module, name in limits:
            patch.setattr(module, name, PATIENCE)
        patch.setattr(transport, "TIMEOUT", (PATIENCE, PATIENCE))
        yield
