"""What mail programs call their folders, by language (the last element of a path, compared without regard to case and width)."""

from inboxes.envelope import FolderRole

ROLE_NAMES: dict[FolderRole, str] = {
    FolderRole.SENT: """
        Sent | Sent Items | Sent Messages | Sent Mail | Sent-Items | Sent-Mail | 送信済みアイテム
        | 送信済みメール | 送信済み | 送信済 | 送信控 | 送信箱 | 已发送 | 已发送邮件 | 寄件備份 | 寄件备份
        | 보낸편지함 | 보낸 편지함 | Envoyés | Éléments envoyés | Messages envoyés | Gesendet
        | Gesendete Elemente | Gesendete Objekte | Inviati | Posta inviata | Enviados | Elementos enviados
        | Itens Enviados | Verzonden | Verzonden items | Skickat | Skickade objekt | Sendt
        | Sendte elementer | Sendt post | Lähetetyt | Wysłane | Elementy wysłane | Odeslaná pošta
        | Отправленные | Gönderilmiş | Gönderilmiş Öğeler | Đã gửi | ส่งแล้ว
    """,
    FolderRole.DRAFTS: """
        Drafts | Draft | 下書き | 下書 | 草稿 | 草稿箱 | 草稿匣 | 임시보관함 | 임시 보관함 | Brouillons
        | Entwürfe | Bozze | Borradores | Rascunhos | Concepten | Utkast | Kladder | Luonnokset
        | Kopie robocze | Koncepty | Черновики | Taslaklar | Thư nháp | ร่างจดหมาย
    """,
    FolderRole.JUNK: """
        Junk | Junk E-mail | Junk Email | Junk Mail | Spam | Bulk Mail | Bulk | 迷惑メール
        | 迷惑メールフォルダー | 迷惑メールフォルダ | スパム | 垃圾邮件 | 垃圾郵件 | 스팸 | 스팸메일함
        | 스팸 메일함 | Courrier indésirable | Indésirables | Pourriel | Junk-E-Mail | Unerwünscht
        | Posta indesiderata | Correo no deseado | Lixo Eletrônico | Lixo Eletrónico | Ongewenste e-mail
        | Skräppost | Søppelpost | Uønsket e-mail | Roskaposti | Wiadomości-śmieci | Nevyžádaná pošta | Спам
        | Gereksiz | Thư rác | จดหมายขยะ
    """,
    FolderRole.TRASH: """
        Trash | Deleted | Deleted Items | Deleted Messages | Bin | ゴミ箱 | ごみ箱 | 削除済みアイテム
        | 削除済みメール | 削除済み | 已删除 | 已删除邮件 | 垃圾桶 | 刪除的郵件 | 휴지통 | 지운편지함
        | 지운 편지함 | Corbeille | Éléments supprimés | Papierkorb | Gelöscht | Gelöschte Elemente
        | Gelöschte Objekte | Cestino | Posta eliminata | Papelera | Elementos eliminados | Lixeira
        | Itens Excluídos | Prullenbak | Verwijderde items | Papperskorgen | Borttagna objekt | Papirkurv
        | Slettede elementer | Slettet post | Roskakori | Poistetut | Kosz | Elementy usunięte | Koš
        | Odstraněná pošta | Корзина | Удаленные | Çöp Kutusu | Silinmiş Öğeler | Thùng rác | ถังขยะ
    """,
    FolderRole.ARCHIVE: """
        Archive | Archives | アーカイブ | 保管 | 归档 | 封存 | 보관함 | Archiv | Archivio | Archivo
        | Arquivo | Archief | Arkiv | Arkisto | Archiwum | Архив | Arşiv
    """,
}
# Mail on its way out, not mail: it stands in Sent as soon as it has gone.
OUTBOX_NAMES = """
    Outbox | 送信トレイ | 送信待ち | 发件箱 | 寄件匣 | 보낼 편지함 | Boîte d'envoi | Postausgang
    | Posta in uscita | Bandeja de salida | Caixa de saída | Postvak UIT
"""
# Exchange lists these to IMAP; they hold no mail (published transcripts of LIST).
EXCHANGE_NAMES = """
    Calendar | Contacts | Tasks | Journal | Notes | Sync Issues | Conversation History | RSS Feeds | 予定表
    | 連絡先 | タスク | 履歴 | メモ | 同期の失敗 | 会話の履歴 | RSS フィード | Kalender | Kontakte
    | Aufgaben | Notizen | Calendrier | Tâches
"""
