"""Upstream Keystone's own token formatter, for the tests: argument is the key repository; on standard input one JSON object a line, on standard output its answer.

{"decode": TOKEN} answers the token's fields; {"encode": PAYLOAD CLASS, fields...} answers a token; {"receipt": TEXT} answers a receipt's fields;
{"knows": PAYLOAD CLASS} answers whether this release has it.
"""
import inspect
import json
import sys

import keystone.conf
from keystone.receipt import receipt_formatters
from keystone.token import token_formatters

keystone.conf.configure()
CONF = keystone.conf.CONF
CONF([], project='keystone', default_config_files=[])
for group in ('fernet_tokens', 'fernet_receipts'):
    CONF.set_override('key_repository', sys.argv[1], group=group)
CONF.set_override('methods', CONF.auth.methods + ['totp'], group='auth')

tokens = token_formatters.TokenFormatter()
names = ['user_id', 'methods', 'audit_ids', 'system', 'domain_id', 'project_id', 'trust_id', 'federated_group_ids',
         'identity_provider_id', 'protocol_id', 'access_token_id', 'app_cred_id', 'thumbprint', 'issued_at', 'expires_at']
with_thumbprint = 'thumbprint' in inspect.signature(tokens.create_token).parameters
if not with_thumbprint:
    names.remove('thumbprint')


def answer(asked):
    if 'knows' in asked:
        return {'knows': hasattr(token_formatters, asked['knows'])}
    if 'decode' in asked:
        return dict(zip(names, tokens.validate_token(asked['decode'])))
    if 'receipt' in asked:
        return dict(zip(['user_id', 'methods', 'issued_at', 'expires_at'], receipt_formatters.ReceiptFormatter().validate_receipt(asked['receipt'])))
    payload = getattr(token_formatters, asked.pop('encode'))
    user, expires, audit = asked.pop('user_id'), asked.pop('expires_at'), asked.pop('audit_ids')
    return {'token': tokens.create_token(user, expires, audit, payload, **asked)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
