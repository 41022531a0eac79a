#!/usr/bin/python3
"""What identity calls cost in a small cloud and in a large one.

  bench/identity-volume.py NEPHOS [USERS PROJECTS ASSIGNMENTS]      default: 100,000 users, 10,000 projects, 500,000 assignments

NEPHOS is the built program (out/nephos). Each size gets a cloud of its own with fake drivers in a temporary folder, on a free port of the loopback; its rows
are written into the stopped cloud's SQLite file. Prints each call's median of ten in both, and the memory of the process before and after.
"""
import hashlib
import http.client
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time


def made(kind, number):
    return hashlib.md5(f'{kind}{number}'.encode()).hexdigest()


def copies(db, table, count, change):
    """Rows like the table's first, changed."""
    columns = [c[1] for c in db.execute(f'pragma table_info({table})')]
    first = dict(zip(columns, db.execute(f'select * from {table} limit 1').fetchone()))
    db.executemany(f'insert into {table}({",".join(columns)}) values({",".join("?" * len(columns))})', ([{**first, **change(i)}[c] for c in columns] for i in range(count)))


def fill(path, users, projects, assignments):
    db = sqlite3.connect(path)
    roles = [id for name, id in db.execute('select name, id from roles') if name in ('member', 'reader', 'manager')]
    copies(db, 'users', users, lambda i: {'id': made('u', i), 'name': f'u{i}', 'default_project_id': None})
    copies(db, 'passwords', users, lambda i: {'id': None, 'user_id': made('u', i)})
    # Ten to a tree: one at the top, nine below it.
    db.executemany("insert into projects(id, domain_id, name, description, enabled, is_domain, parent_id, options, extra) values(?, 'default', ?, '', 1, 0, ?, '{}', '{}')",
                   ((made('p', i), f'p{i}', 'default' if i % 10 == 0 else made('p', i - i % 10)) for i in range(projects)))
    groups = max(1, users // 100)
    db.executemany("insert into groups(id, domain_id, name, description, extra) values(?, 'default', ?, '', '{}')", ((made('g', i), f'g{i}') for i in range(groups)))
    db.executemany('insert or ignore into memberships(user_id, group_id) values(?, ?)', ((made('u', i), made('g', (i * 7 + k) % groups)) for i in range(users) for k in (0, 1)))
    # One of fifty is a group's, half of those inherited by the projects below.
    db.executemany('insert or ignore into role_assignments(actor_type, actor_id, target_type, target_id, role_id, inherited) values(?, ?, ?, ?, ?, ?)', (
        ('group', made('g', i // 50 % groups), 'project', made('p', i * 13 % projects), roles[i % 3], int(i % 100 == 0)) if i % 50 == 0
        else ('user', made('u', i % users), 'project', made('p', (i * 31 + i // users) % projects), roles[i // users % 3], 0) for i in range(assignments)))
    db.commit()
    db.close()


class Cloud:
    def __init__(self, program, state):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([program, 'up', '--drivers', 'fake', '--state', state, '--listen', f'127.0.0.1:{self.port}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.http = http.client.HTTPConnection('127.0.0.1', self.port)
        self.token = None
        while True:
            try:
                if self.ask('GET', '/healthz', prefix='')[0] == 200:
                    return
            except OSError:
                self.http.close()
            if self.process.poll() is not None:
                sys.exit('the cloud has ended')
            time.sleep(0.1)

    def ask(self, method, path, body=None, prefix='/identity/v3'):
        self.http.request(method, prefix + path, json.dumps(body) if body else None, {'X-Auth-Token': self.token} if self.token else {})
        reply = self.http.getresponse()
        return reply.status, reply.read(), reply.getheader('X-Subject-Token')

    def login(self, password):
        identity = {'methods': ['password'], 'password': {'user': {'name': 'admin', 'domain': {'name': 'Default'}, 'password': password}}}
        self.token = self.ask('POST', '/auth/tokens', {'auth': {'identity': identity, 'scope': {'project': {'name': 'admin', 'domain': {'name': 'Default'}}}}})[2]

    def memory(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return next(int(line.split()[1]) // 1024 for line in f if line.startswith('VmRSS'))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def calls():
    u, p, g = made('u', 55), made('p', 50), made('g', 0)
    return ['/users?limit=1000', '/users?name=u55', f'/users/{u}', f'/users/{u}/groups', f'/users/{u}/projects', '/projects?limit=1000', '/projects?name=p55', f'/projects/{p}?subtree_as_ids',
            f'/groups/{g}/users', f'/role_assignments?user.id={u}', f'/role_assignments?user.id={u}&effective&include_names', f'/role_assignments?scope.project.id={made("p", 55)}&effective',
            f'/role_assignments?group.id={g}', f'/projects/{made("p", 55)}/users/{u}/roles']


def measure(program, users, projects, assignments):
    with tempfile.TemporaryDirectory(prefix='nephos-volume-') as state:
        Cloud(program, state).stop()
        path = next(os.path.join(d, 'keystone.sqlite') for d, _, files in os.walk(state) if 'keystone.sqlite' in files)
        fill(path, users, projects, assignments)
        cloud = Cloud(program, state)
        try:
            with open(os.path.join(state, 'openrc')) as f:
                cloud.login(next(line.split('=', 1)[1].strip().strip("'\"") for line in f if 'OS_PASSWORD=' in line))
            before, rows = cloud.memory(), []
            for path in calls():
                times = []
                for _ in range(12):
                    start = time.perf_counter()
                    status, body, _ = cloud.ask('GET', path)
                    times.append((time.perf_counter() - start) * 1000)
                    if status != 200:
                        sys.exit(f'{path} answered {status}: {body[:200]}')
                rows.append((path, len(body), statistics.median(times[2:])))
            return rows, before, cloud.memory()
        finally:
            cloud.stop()


def main(program, users=100_000, projects=10_000, assignments=500_000):
    small, _, small_after = measure(program, 100, 100, 500)
    large, before, after = measure(program, int(users), int(projects), int(assignments))
    print(f'{"100 users":>12} {"kB":>6} {f"{int(users):,} users":>16} {"kB":>6}')
    for (path, size, few), (_, large_size, many) in zip(small, large):
        print(f'{few:9.2f} ms {size // 1024:6} {many:13.2f} ms {large_size // 1024:6}  {path[:90]}')
    print(f'memory: {small_after} MiB after the calls of the small cloud; {before} MiB before and {after} MiB after those of the large one')


if __name__ == '__main__':
    main(*sys.argv[1:])
