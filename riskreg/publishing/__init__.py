"""Everything becomes Markdown pages, mkdocs.yml and a static site."""
