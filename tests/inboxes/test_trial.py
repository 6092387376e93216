"""What a person is told after mail servers were tried out."""

from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.providers.checks import Step
from inboxes.providers.network import Security
from inboxes.trial import StepState, try_servers
from tests.fakes.scripted_imap import ScriptedImap


def test_a_connection_without_encryption_is_never_called_encrypted(settings):
    settings.MAIL_HOSTS_ALLOWED = ["localhost"]

    with ScriptedImap().running() as server:
        login = ServerLogin(host="localhost", port=server.port, security=Security.NONE, username="haruka@crm.example")
        trial = try_servers(ConnectionDetails(address="haruka@crm.example", imap=login, password="geheim"))

    assert trial.can_read
    assert [(tried.step, tried.state) for tried in trial.steps] == [
        (Step.REACH_SERVER, StepState.DONE),
        (Step.TLS, StepState.LEFT_OUT),
        (Step.SIGN_IN, StepState.DONE),
        (Step.FIND_FOLDERS, StepState.DONE),
    ]
