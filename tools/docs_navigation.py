"""Hook of mkdocs.yml: a pattern in the navigation stands for the pages that it matches and that no other entry names.

One page takes the entry's title, several become a section, none removes the entry, so a page that comes later needs no second place to touch.
"""
import pathlib


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
