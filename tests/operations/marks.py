"""Data of somebody who does not exist, told from everything else in a log."""

NAME = "Testperson-Ä-Ünverwechselbar"
MAIL = "marked.patient@example.org"
PASSWORD = "correct-horse-marked"
TOKEN = "re_markedtoken1234567890"
LINK = "MarkedLinkMarkedLinkMark9"
NETWORK = "203.0.113.77"
MARKS = (NAME, MAIL, PASSWORD, TOKEN, LINK, NETWORK)
