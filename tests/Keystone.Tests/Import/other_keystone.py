"""Makes the database of an upstream Keystone (Debian's python3-keystone) by its own code, for the import's tests: argument is the SQLite file, answer the ids as JSON.

Names are the passwords.
"""
import base64
import json
import logging
import os
import sys
import warnings

warnings.simplefilter('ignore')
import keystone.conf
from keystone.common import sql
from keystone.common.sql import upgrades
from keystone.server import backends

keystone.conf.configure()
CONF = keystone.conf.CONF
CONF([], project='keystone', default_config_files=[])
CONF.set_override('enabled', False, group='cache')
CONF.set_override('password_hash_rounds', 4, group='identity')
keys = sys.argv[1] + '.keys'
os.makedirs(keys)
with open(os.path.join(keys, '0'), 'w') as key:
    key.write(base64.urlsafe_b64encode(os.urandom(32)).decode())
for section in ('fernet_tokens', 'fernet_receipts'):
    CONF.set_override('key_repository', keys, group=section)
logging.disable(logging.CRITICAL)
sql.initialize()
CONF.set_override('connection', 'sqlite:///' + sys.argv[1], group='database')
upgrades.offline_sync_database_to_version()
drivers = backends.load_backends()
resource, identity, assignment, roles = (drivers[n] for n in ('resource_api', 'identity_api', 'assignment_api', 'role_api'))
credentials = drivers['application_credential_api']
ids = {}


def domain(id, name):
    resource.create_domain(id, {'id': id, 'name': name, 'enabled': True, 'description': ''})


def project(id, name, parent, domain_id='default', **more):
    resource.create_project(id, {'id': id, 'name': name, 'domain_id': domain_id, 'parent_id': parent, 'enabled': True, 'description': 'd of ' + name, 'is_domain': False, **more})


def role(id, name, **more):
    roles.create_role(id, {'id': id, 'name': name, 'domain_id': None, **more})


domain('default', 'Default')
domain('d' * 32, 'far')
project('1' * 32, 'admin', 'default')
project('2' * 32, 'top', 'd' * 32, 'd' * 32, options={'immutable': True}, email='team@example.org')
project('3' * 32, 'below', '2' * 32, 'd' * 32, tags=['blue'])
role('a' * 32, 'member')
role('b' * 32, 'weaver', options={'immutable': True})
roles.create_implied_role('b' * 32, 'a' * 32)


def user(name, domain_id, algorithm, **more):
    CONF.set_override('password_hash_algorithm', algorithm, group='identity')
    CONF.set_override('password_hash_rounds', 4 if algorithm == 'bcrypt' else 1000 if algorithm == 'pbkdf2_sha512' else None, group='identity')
    made = identity.create_user({'name': name, 'domain_id': domain_id, 'password': name, 'enabled': True, **more})
    ids[name] = made['id']
    return made['id']


ann = user('ann', 'd' * 32, 'bcrypt', default_project_id='2' * 32, email='ann@example.org', options={'lock_password': True})
bob = user('bob', 'd' * 32, 'scrypt')
cyd = user('cyd', 'default', 'pbkdf2_sha512')
off = user('off', 'default', 'bcrypt')
identity.update_user(off, {'enabled': False})
user('admin', 'default', 'bcrypt')
group = identity.create_group({'name': 'crew', 'domain_id': 'd' * 32, 'description': 'g'})['id']
ids['crew'] = group
identity.add_user_to_group(bob, group)
assignment.create_grant('a' * 32, user_id=ann, project_id='2' * 32)
assignment.create_grant('b' * 32, group_id=group, domain_id='d' * 32, inherited_to_projects=True)
assignment.create_grant('a' * 32, user_id=cyd, project_id='1' * 32)
assignment.create_system_grant_for_user(cyd, 'b' * 32)
CONF.set_override('password_hash_algorithm', 'bcrypt', group='identity')
CONF.set_override('password_hash_rounds', 4, group='identity')
credentials.create_application_credential({
    'id': 'c' * 32, 'name': 'robot', 'secret': 'robot', 'description': 'x', 'expires_at': None, 'user_id': ann, 'project_id': '2' * 32, 'system': None, 'unrestricted': False,
    'roles': [{'id': 'a' * 32}], 'access_rules': [{'id': 'e' * 32, 'service': 'identity', 'method': 'GET', 'path': '/v3/projects/*'}]})
print(json.dumps(ids))
