"""What Odoo's ir.mail_server does with smtplib (odoo/addons/base/models/ir_mail_server.py), in few lines."""
import json
import smtplib
import sys
from email.message import EmailMessage

request = json.load(sys.stdin)


def connect():
    connection = smtplib.SMTP(request["host"], request["port"], timeout=60)
    connection.ehlo_or_helo_if_needed()
    connection.login(request["username"], request["password"])
    connection.ehlo_or_helo_if_needed()
    return connection


def test_connection():
    """The button Test Connection: up to DATA, and then away without a message."""
    smtp = connect()
    try:
        codes = [smtp.mail("admin@yourcompany.example.com")[0], smtp.rcpt("noreply@odoo.com")[0]]
        smtp.putcmd("data")
        codes.append(smtp.getreply()[0])
        return codes
    finally:
        smtp.close()


def older_test_connection():
    """As before Odoo 12: MAIL, RCPT, RSET, QUIT."""
    smtp = connect()
    codes = [smtp.mail("")[0], smtp.rcpt("noreply@odoo.com")[0], smtp.rset()[0], smtp.quit()[0]]
    return codes


def send():
    """One mail to each recipient in turn over one connection, with one Message-ID."""
    smtp = connect()
    refused = {}
    for recipient in request["recipients"]:
        message = EmailMessage()
        message["From"] = request["from"]
        message["To"] = ", ".join(request["recipients"])
        message["Subject"] = "Facture n° 42"
        message["Message-ID"] = request["messageId"]
        message.set_content("Bonjour,\n.voici votre facture n° 42.\n", cte="8bit")
        refused.update(smtp.sendmail("bounce@example.com", [recipient], message.as_bytes()))
    smtp.quit()
    return refused


acts = {"test": test_connection, "olderTest": older_test_connection, "send": send}
try:
    print(json.dumps({"ok": acts[request["act"]]()}))
except smtplib.SMTPResponseException as error:
    print(json.dumps({"code": error.smtp_code, "error": error.smtp_error.decode()}))
