from django.db import migrations

# Asked of the private e-mails of a timeline alone, by `inboxes.models.conditions.known_as_logged`. A function, because the server keeps
# the plans of its queries: planned anew within each timeline, they took several times as long as reading it.
CREATE = """
    CREATE FUNCTION inboxes_known_as_logged(
        mail bigint, own bigint[], joined bigint[], teams bigint[], let_in bigint[], addresses varchar[]
    ) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000 AS $$
    BEGIN
        PERFORM FROM inboxes_sighting WHERE message_id = mail AND inbox_id = ANY (own);
        IF FOUND THEN
            RETURN true;
        END IF;
        PERFORM FROM inboxes_sighting WHERE message_id = mail AND visibility = 'private' AND id <> ALL (let_in);
        IF NOT FOUND THEN
            RETURN EXISTS (SELECT FROM inboxes_sighting WHERE message_id = mail);
        END IF;
        PERFORM FROM inboxes_message WHERE id = mail AND participants && addresses;
        IF FOUND THEN
            RETURN true;
        END IF;
        PERFORM FROM inboxes_teammail WHERE message_id = mail AND inbox_id = ANY (teams);
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        RETURN EXISTS (
            SELECT FROM inboxes_sighting
            WHERE message_id = mail AND (visibility <> 'private' OR inbox_id = ANY (joined))
        );
    END $$
"""
DROP = "DROP FUNCTION inboxes_known_as_logged"


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0030_note_pasts_that_were_read"),
    ]

    operations = [migrations.RunSQL(CREATE, DROP)]
