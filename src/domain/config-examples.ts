/** One whole example of each configuration file; the docs show them and a test parses them. */

export const OPERATOR_EXAMPLE = `# signalbox.yml
listen: 127.0.0.1:8080
url: https://ci.example.org            # public address, part of every link
data: ./data                           # SQLite ledger, logs, artifacts, workspaces
database: \${env:DATABASE_URL}          # not set or empty: SQLite in data/
redis: \${env:REDIS_URL}                # not set or empty: the ledger dispatches

forges:
  acme:                                # its webhooks arrive at /webhooks/acme
    kind: gitea                        # gitea | forgejo | playground
    url: https://git.example.org
    token: \${env:GITEA_TOKEN}
    webhookSecret: \${file:/run/secrets/gitea-webhook}
    repositories: ["acme/*", "tools/deploy"]   # nothing outside is obeyed

runners:
  drone:                               # it reports to /hooks/drone/drone
    kind: drone
    url: https://drone.example.org
    token: \${env:DRONE_TOKEN}
    webhookSecret: \${env:DRONE_WEBHOOK_SECRET}
  local:                               # Signalbox brings the app up itself
    kind: lifecycle
    deployers: [process]
    slots: 2                           # runs at the same time
    uidBase: 71000                     # started as root: slot n runs as user 71000 + n

limits:
  maxBodyBytes: 5m                     # a larger webhook is answered 413
  maxUnfinished: 10000                 # past it webhooks are answered 503
log:
  level: info
catchUpSeconds: 60                     # look for comments that no webhook brought
`;

export const REPOSITORY_EXAMPLE = `# .signalbox.yml
suites:
  testme:                              # what a bare \`!testme\` runs
    runner: drone                      # a runner of the operator's file
    params: { RECIPE: shop }           # parameters of the build
    timeout: 45m

  smoke:                               # \`!testme smoke\`
    runner: local
    stages: [install, upgrade]         # when the command names none; default: all
    recipe:
      version: 1
      app: shop
      deploy: process
      env: { NODE_ENV: production }
      build:                           # once in each checkout; lists of words, no shell
        - [npm, ci]
      services:                        # started in this order, stopped in reverse
        web: { run: [node, server.js], stop_grace: 10s }
      health:
        http: { service: web, path: /health, ok: [200] }
        stable_for: 1s
      versions:                        # the version before: highest tag below the head,
        previous: { tag: "semver:<head" }   # or \`previous: none\`
      data:
        marker:                        # a row of data that must survive
          seed: [node, ci/marker.js, seed]
          drop: [node, ci/marker.js, drop]
          assert: [node, ci/marker.js, assert]
        backup: { pre: [[node, ci/dump.js]], paths: [data], post: [] }
        restore: { pre: [], post: [[node, ci/load.js]] }
      stages:
        restore:
          expected_na: { reason: "no restore before 2.0", until: 2099-12-31 }
        custom:
          - { name: api, run: [npm, test], junit: reports/junit.xml, timeout: 5m }
      timeouts: { convergence: 300s, hook: 120s, stage: 15m, run: 60m, teardown: 60s }
      resources: { memory: 1g, pids: 256, file: 1g }

commands:                              # who may; the default stands in \`!help\`
  testme: { allow: write }
  cancel: { allow: [maintain, "user:carol"] }

comments: all                          # all | outcomes | failures | off
pings: all                             # all | failures | off
`;
