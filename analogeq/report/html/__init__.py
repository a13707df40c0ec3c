"""One HTML file that holds everything: text, tables, listings, and figures as data."""

from analogeq.report.html.page import Facts, Listing, Note, Page, Picture, Section, Stored, Table, render

__all__ = ["Facts", "Listing", "Note", "Page", "Picture", "Section", "Stored", "Table", "render"]
