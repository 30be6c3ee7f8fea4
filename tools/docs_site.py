"""Hooks of mkdocs.yml.

A pattern in the navigation stands for the pages that it matches and that no other entry names: one page takes the entry's title, several become a
section, none removes the entry, so a page that comes later needs no second place to touch. A link to a file of the project outside of docs/ becomes
that file's path; the file must be there.
"""
import logging
import os
import pathlib
import re

log = logging.getLogger("mkdocs.hooks.docs_site")
LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)(?:#[^)\s]*)?\)")


def named_pages(entry):
    """Pages that an entry of the navigation names itself, without patterns."""
    if isinstance(entry, str):
        return set() if "*" in entry else {entry}
    children = entry.values() if isinstance(entry, dict) else entry
    return set().union(*(named_pages(child) for child in children)) if children else set()


def expanded(entry, folder: pathlib.Path, taken: set):
    """The entry with its patterns replaced; nothing where they match no page."""
    if isinstance(entry, list):
        return [new for child in entry if (new := expanded(child, folder, taken)) is not None] or None
    if isinstance(entry, dict):
        new = {title: pages for title, child in entry.items() if (pages := expanded(child, folder, taken)) is not None}
        return new or None
    if "*" not in entry:
        return entry
    pages = [page for page in sorted(p.relative_to(folder).as_posix() for p in folder.glob(entry)) if page not in taken]
    taken.update(pages)
    return pages[0] if len(pages) == 1 else pages or None


def on_config(config):
    folder = pathlib.Path(config["docs_dir"])
    config["nav"] = expanded(config["nav"], folder, named_pages(config["nav"]))
    return config


def on_page_markdown(markdown, page, config, **_):
    docs = pathlib.Path(config["docs_dir"]).resolve()
    project = docs.parent

    def path_of(link):
        target = pathlib.Path(os.path.normpath((docs / page.file.src_uri).parent / link[2]))
        if target.is_relative_to(docs):
            return link[0]
        if not target.is_relative_to(project) or not target.exists():
            log.warning("%s links to %s, which is not there", page.file.src_uri, link[2])
        path = f"`{os.path.relpath(target, project)}`"
        return path if link[1].strip("`") in path else f"{link[1]} ({path})"

    return LINK.sub(path_of, markdown)
