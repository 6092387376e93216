from django.db import migrations


def stay_covered(apps, schema_editor):
    """Until now team inboxes obeyed every entry of the workspace."""
    apps.get_model("logging_rules", "NeverLogEntry").objects.filter(owner=None).update(covers_team=True)


class Migration(migrations.Migration):
    dependencies = [
        ("logging_rules", "0004_entries_that_cover_team_inboxes"),
    ]

    operations = [
        migrations.RunPython(stay_covered, migrations.RunPython.noop),
    ]
