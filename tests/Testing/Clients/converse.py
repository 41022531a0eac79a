#!/usr/bin/python3
"""Talks to a cloud with the real openstack client, one process for the whole conversation.

  converse.py SCRIPT COMMANDS URL PASSWORD SCRATCH [NAME=VALUE...]

URL is where the cloud's identity API is, PASSWORD the administrator's, SCRATCH a folder for the files that commands read; $NAME stands for VALUE. A line of SCRIPT is
  user create --password x alice   must succeed
  ! user show nobody               must fail
  id <- user show -f value -c id alice    keeps the output; $id in later lines stands for it, $id.name for a member of JSON
  = text                           the last output must hold the text; for a failure, its message
  as PASSWORD USER DOMAIN PROJECT  who says the following lines; `as` alone: the administrator again
  env NAME VALUE                   sets a variable of the environment for the following lines; without VALUE it is taken away
  file <- text                     writes a file; $file stands for its path
COMMANDS lists all commands of the group; one that the script never says successfully is a failure.
"""
import contextlib
import io
import json
import logging
import os
import shlex
import sys
import time

from openstackclient import shell
from osc_lib import clientmanager

logging.raiseExceptions = False


def run(words):
    # The client keeps what it logged in with in its class; the next command may be another's.
    for client in vars(clientmanager.ClientManager).values():
        if isinstance(client, clientmanager.ClientCache):
            client._handle = None
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = shell.main(words)
        except SystemExit as e:  # argparse, at words that it does not know
            code = e.code or 0
    # `federation protocol set` of the client answers its table in place of a number.
    return code if isinstance(code, int) else 0, out.getvalue(), err.getvalue()


def become(url, password, user='admin', domain='Default', project='admin'):
    os.environ.update(OS_AUTH_URL=url, OS_PASSWORD=password, OS_USERNAME=user, OS_USER_DOMAIN_NAME=domain, OS_PROJECT_NAME=project, OS_PROJECT_DOMAIN_NAME=domain)


def main(script, commands, url, password, scratch, *given):
    os.environ.update(OS_IDENTITY_API_VERSION='3', OS_REGION_NAME='RegionOne')
    become(url, password)
    with open(commands) as f:
        untried = {line.strip() for line in f if line.strip()}
    names = sorted(untried, key=len, reverse=True)
    variables, faults, last, said, start = dict(g.split('=', 1) for g in given), [], '', 0, time.monotonic()
    with open(script) as f:
        lines = list(enumerate((line.strip() for line in f), 1))
    for number, line in lines:
        if not line or line.startswith('#'):
            continue
        for name in sorted(variables, key=len, reverse=True):
            line = line.replace('$' + name, variables[name])
        if line.startswith('= '):
            if line[2:] not in last:
                faults.append(f'{number}: {line[2:]!r} is not in: {last.strip()}')
            continue
        words = shlex.split(line)
        if words[0] == 'as':
            become(url, *(words[1:] or [password]))
            continue
        if words[0] == 'env':
            if len(words) > 2:
                os.environ[words[1]] = words[2]
            else:
                os.environ.pop(words[1], None)
            continue
        if words[0].endswith('_file') and words[1] == '<-':
            variables[words[0]] = os.path.join(scratch, words[0])
            with open(variables[words[0]], 'w') as f:
                f.write(words[2])
            continue
        keep = words.pop(0) if len(words) > 1 and words[1] == '<-' else None
        if keep:
            words.pop(0)
        fails = words[0] == '!'
        if fails:
            words.pop(0)
        code, out, err = run(words)
        said += 1
        last = err if fails else out
        if keep:
            variables[keep] = out.strip()
            if out.startswith('{'):
                variables.update({f'{keep}.{k}': str(v) for k, v in json.loads(out).items()})
        if (code != 0) != fails:
            faults.append(f'{number}: {line}\n    ended with {code}: {out.strip()} {err.strip()}')
        elif not fails:
            text = ' '.join(words) + ' '
            untried -= {n for n in names if text.startswith(n + ' ')}
    faults += [f'never said: {name}' for name in sorted(untried)]
    print('\n'.join(faults))
    print(f'{said} commands in {time.monotonic() - start:.1f} s, {len(faults)} faults')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
