"""The app: what the predictors do, as a page in the browser, in English and Chinese.

`serve.py` is the server, `page.py` the page, a tab a file; `studio.py` holds the predictors, `words.py` all words.
Gradio makes the page, and nothing of this package is imported unless `ppgen app` runs.
"""
