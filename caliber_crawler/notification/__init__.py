"""Messages to people and programs of the operator's choice: webhooks, chats, e-mail.

These are the only connections that do not go through the crawl's downloader, because they fetch nothing from a site.
The operator names each target, often one in a private network. Nothing here may fail or delay a crawl.
"""
