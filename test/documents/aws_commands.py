"""Holds `aws` commands against botocore's models: a JSON list of commands on stdin, a JSON list of faults on stdout.

The AWS command line names an operation and its parameters as botocore's models do, in lower case with hyphens.
"""

import json
import sys

import botocore.session
from botocore import xform_name

# Of the command line itself: its reference, "Global options".
GLOBAL = {"--output", "--query", "--region", "--profile", "--no-cli-pager"}
# Pagination that the command line adds to operations that have it.
PAGES = {"--max-items", "--page-size", "--starting-token", "--no-paginate"}
# Services that the command line calls otherwise than botocore does.
NAMES = {"s3api": "s3"}
# Commands that are not operations of an API: the command line's references of these commands.
OWN = {
    ("ecr", "get-login-password"): set(),
    ("s3", "cp"): {"--recursive"},
    ("s3", "ls"): {"--recursive"},
    ("s3", "rm"): {"--recursive"},
    ("s3", "rb"): {"--force"},
    ("logs", "tail"): {"--since", "--format", "--follow"},
}


def spelled(name):
    return xform_name(name, "-")


def options_of(session, service, operation):
    if (service, operation) in OWN:
        return OWN[service, operation]
    service = "" if service == "s3" else NAMES.get(service, service)
    if service not in session.get_available_services():
        return None
    model = session.get_service_model(service)
    for name in model.operation_names:
        if spelled(name) == operation:
            shape = model.operation_model(name).input_shape
            members = shape.members.items() if shape is not None else []
            spellings = {f"--{spelled(member)}" for member, _ in members}
            switches = {f"--no-{spelled(member)}" for member, kind in members if kind.type_name == "boolean"}
            return spellings | switches | PAGES
    return None


def faults_of(session, command):
    service, operation, *words = command
    name = f"aws {service} {operation}"
    known = options_of(session, service, operation)
    if known is None:
        return [f"{name}: there is no such operation"]
    given = [word.split("=")[0] for word in words if word.startswith("--")]
    return [f"{name}: there is no option {word}" for word in given if word not in known | GLOBAL]


session = botocore.session.get_session()
print(json.dumps([fault for command in json.load(sys.stdin) for fault in faults_of(session, command)]))
