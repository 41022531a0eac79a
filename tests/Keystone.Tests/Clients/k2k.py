#!/usr/bin/python3
"""Goes from one cloud to another with keystoneauth's Keystone2Keystone: k2k.py URL PASSWORD. Both clouds are the one at URL; PASSWORD is its administrator's."""
import sys

from keystoneauth1 import exceptions, session
from keystoneauth1.identity import v3


def main(url, password):
    def home(name, word):
        return v3.Password(url, username=name, password=word, user_domain_name='Default', project_name='admin', project_domain_name='Default')

    admin = session.Session(auth=home('admin', password))

    def put(path, body):
        return admin.put(url + path, json=body).json()

    rules = [{'local': [{'user': {'name': '{0}@{1}'}, 'projects': [{'name': 'home of {0}', 'roles': [{'name': 'member'}]}]}],
              'remote': [{'type': 'openstack_user'}, {'type': 'openstack_user_domain'}, {'type': 'openstack_roles', 'any_one_of': ['member']}]}]
    put('/OS-FEDERATION/mappings/k2k', {'mapping': {'rules': rules}})
    domain = put('/OS-FEDERATION/identity_providers/first', {'identity_provider': {'enabled': True}})['identity_provider']['domain_id']
    put('/OS-FEDERATION/identity_providers/first/protocols/saml2', {'protocol': {'mapping_id': 'k2k'}})
    door = url + '/OS-FEDERATION/identity_providers/first/protocols/saml2/auth'
    put('/OS-FEDERATION/service_providers/other', {'service_provider': {'auth_url': door, 'sp_url': door, 'enabled': True}})

    user = admin.post(url + '/users', json={'user': {'name': 'traveller', 'password': 'pw', 'domain_id': 'default'}}).json()['user']['id']
    project = admin.get(url + '/projects?name=admin').json()['projects'][0]['id']
    role = admin.get(url + '/roles?name=member').json()['roles'][0]['id']
    admin.put(f'{url}/projects/{project}/users/{user}/roles/{role}')

    there = v3.Keystone2Keystone(home('traveller', 'pw'), 'other', project_name='home of traveller', project_domain_id=domain)
    access = there.get_access(session.Session())
    session.Session(auth=there).get(url + '/auth/projects')
    print(f'{access.username} has {",".join(r for r in access.role_names if r == "member")} in {access.project_name}')

    # The administrator has other roles than the mapping asks for, and a service provider that is not there is none.
    reader = admin.post(url + '/users', json={'user': {'name': 'reader', 'password': 'pw', 'domain_id': 'default'}}).json()['user']['id']
    role = admin.get(url + '/roles?name=reader').json()['roles'][0]['id']
    admin.put(f'{url}/projects/{project}/users/{reader}/roles/{role}')
    try:
        v3.Keystone2Keystone(home('reader', 'pw'), 'other').get_access(session.Session())
    except exceptions.Unauthorized:
        return 0
    print('a reader got in')
    return 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
