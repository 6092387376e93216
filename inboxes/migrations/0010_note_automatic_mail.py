from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0009_order_mail_by_time")]

    operations = [
        migrations.AddField(model_name="message", name="is_automatic", field=models.BooleanField(default=False)),
    ]
