"""Who runs when: a fair waiting line, one worker that owns the nets, and their fakes.

It drives generators and knows neither torch nor HTTP; endpoints are handed in as runners.
"""
