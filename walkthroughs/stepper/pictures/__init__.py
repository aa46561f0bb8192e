"""The graph in pictures: views for a page, film for animations and slides, still for where no page is shown."""
