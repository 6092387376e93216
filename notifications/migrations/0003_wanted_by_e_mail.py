from django.db import migrations

# The kinds that went by e-mail when this was written: those that still wait for it are not to be forgotten.
BY_E_MAIL = """
UPDATE notifications_notification SET by_e_mail = TRUE
 WHERE e_mailed_at IS NOT NULL
    OR kind NOT IN ('past_changed', 'looked_back', 'access_declined')
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_preferences")]

    operations = [migrations.RunSQL(BY_E_MAIL, migrations.RunSQL.noop)]
