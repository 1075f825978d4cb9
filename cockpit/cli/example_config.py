"""The example config: every setting with what it does. A test reads it back through cockpit.config."""

EXAMPLE = """\
# Cockpit's config. Every line is optional; a wrong one is reported with its number and its default holds.
# API keys do not belong here: they come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, or key_env below).

theme = "cockpit-dark"        # a file of themes/, beside this file or shipped: cockpit-light, cockpit-contrast …
key_preset = "default"        # "chat": Enter sends and ctrl+j is the newline
project = "default"           # --project and $COCKPIT_PROJECT win
unsupported = "refuse"        # what to do with a setting that a model cannot take: "refuse" or "leave out"
cap_usd = 5.0                 # a run sends no more once it has spent this; without the line there is no cap

[keys]                        # command id = keys, separated by commas (cockpit keys lists the ids)
# "play.send" = "ctrl+j,f9"

[defaults]                    # what a new prompt starts with in the app; `cockpit send` takes only the models
models = ["local:smollm2"]
n = 8
temperature = 1.0
top_p = 1.0
max_tokens = 256
# stop = ["\\n\\n"]
# seed = 1
# logprobs = 5
# reasoning_effort = "low"    # none, minimal, low, medium, high, xhigh, max

[aliases]                     # short name = provider:model
mini = "openai:gpt-4o-mini"
llama = "vllm:llama-3.1-8b-instruct"

[servers.vllm]                # use as vllm:MODEL
base_url = "http://localhost:8000/v1"
protocol = "openai"           # openai (chat completions), openai-responses or anthropic
key_env = "VLLM_API_KEY"      # the environment variable that holds the key; leave out if it needs none
keep_alive = true             # false for servers that drop pooled connections
read_timeout = 120.0          # seconds without a byte before a stream counts as dead
headers = { "X-Title" = "cockpit" }   # "$NAME" in a value stands for an environment variable

[limits."openai"]             # for a provider, or for one model: [limits."openai:gpt-4o-mini"]
rpm = 500                     # requests a minute
tpm = 200000                  # tokens a minute
start = 8                     # requests at once to begin with; grows while nothing is refused
max_concurrency = 100

[backends.big]                # a place where jobs run: kind is slurm, ray, openai or anthropic
kind = "slurm"
host = "login.cluster"        # behind ssh; without it, Slurm's commands are called here
folder = "/home/me/cockpit-jobs"          # there, for logs and what jobs leave
options = { partition = "gpu" }           # for every job; --option NAME=VALUE adds to them

[backends.ray]
url = "http://127.0.0.1:8265"
token_env = "RAY_TOKEN"       # the name of a variable, where the cluster wants a token
shared = true                 # its jobs see this disk, so that their metrics are found

[jobs]
webhook_env = "COCKPIT_WEBHOOK"           # the variable with the URL that is told when a job ends

[catalog.openai.models."my-finetune-*"]   # corrects the table of what models take and cost, by name pattern
max_stops = 4
price = { input = 0.3, output = 1.2 }     # US dollars per million tokens
"""
