"""A subscription as it is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_project.demo.microsoft.mailbox import Change, Mailbox
from crm_project.demo.microsoft.wording import written

CHANGES = {"created": "created", "updated": "updated", "deleted": "removed"}


@dataclass
class Subscription:
    """`folder_id` "" hears of the whole mailbox. `kinds` are those of our change log."""

    id: str
    account_id: str
    application_id: str
    resource: str
    folder_id: str
    change_type: str
    notification_url: str
    lifecycle_url: str
    client_state: str | None
    expires_at: datetime
    immutable_ids: bool

    @property
    def kinds(self) -> set[str]:
        return {CHANGES[name] for name in self.change_type.split(",")}

    def is_about(self, mailbox: Mailbox, change: Change) -> bool:
        return (
            mailbox.owner_id == self.account_id
            and self.folder_id in ("", change.folder_id)
            and change.kind in self.kinds
        )  # fmt: skip

    def row(self, context: str) -> dict[str, Any]:
        return {
            "@odata.context": context,
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.application_id,
            "changeType": self.change_type,
            "clientState": self.client_state,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": None,
            "lifecycleNotificationUrl": self.lifecycle_url or None,
            "expirationDateTime": written(self.expires_at),
            "creatorId": self.account_id,
            "includeResourceData": None,
            "latestSupportedTlsVersion": "v1_2",
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }
