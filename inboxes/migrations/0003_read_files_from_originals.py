"""The contents of files are read from the originals, which always held them too. The copies are swept as files nobody refers to.

Backwards the column comes back empty: a version that wants the copies offers the original only.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0002_remember_handled_pages"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attachment",
            name="file_key",
            field=models.CharField(db_index=True, default="", max_length=64),
        ),
        migrations.RemoveField(
            model_name="attachment",
            name="file_key",
        ),
    ]
