"""Holds an export against its datapackage.json as a program of other people's would: the descriptor
against the specifications of Frictionless Data (Data Package, Tabular Data Package, CSV Dialect,
Table Schema, version 1), and every cell of every file against its field."""

import csv
import datetime
import io
import json
import os
import re

NAME = re.compile(r"^[a-z0-9][a-z0-9._/-]*$")
TYPES = {"string", "integer", "number", "boolean", "datetime", "date", "object"}


class Broken(Exception):
    pass


def need(condition, *what):
    if not condition:
        raise Broken(" ".join(str(each) for each in what))


def unique_members(pairs):
    members = dict(pairs)
    need(len(members) == len(pairs), "a member is given twice:", [name for name, _ in pairs])
    return members


def read_cell(field, text):
    """The value of a cell, as Table Schema reads it; raises Broken for what is none."""
    kind, where = field["type"], field["name"]
    if kind == "string":
        return text
    if kind == "integer":
        need(re.fullmatch(r"-?(0|[1-9][0-9]*)", text), where, "no integer:", repr(text))
        return int(text)
    if kind == "number":
        need(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text), where, "no number:", repr(text))
        return float(text)
    if kind == "boolean":
        need(text in field["trueValues"] + field["falseValues"], where, "no boolean:", repr(text))
        return text in field["trueValues"]
    if kind == "datetime":
        try:
            return datetime.datetime.strptime(text, field["format"])
        except ValueError as error:
            raise Broken("%s: %s" % (where, error)) from error
    if kind == "date":
        try:
            return datetime.date.fromisoformat(text)
        except ValueError as error:
            raise Broken("%s: %s" % (where, error)) from error
    value = json.loads(text, object_pairs_hook=unique_members)
    need(isinstance(value, dict), where, "no object:", repr(text))
    return value


def check_constraints(field, value):
    rules = field.get("constraints", {})
    need(not set(rules) - {"enum", "minimum", "maximum"}, "unknown constraint", rules)
    if "enum" in rules:
        need(value in rules["enum"], field["name"], "is none of its codes:", repr(value))
    if "minimum" in rules:
        need(rules["minimum"] <= value <= rules["maximum"], field["name"], "beyond its bounds:", value)


def check_descriptor(package):
    need(package["profile"] == "tabular-data-package", "profile")
    need(NAME.match(package["name"]), "name", package["name"])
    datetime.datetime.strptime(package["created"], "%Y-%m-%dT%H:%M:%S.%fZ")
    need(package["resources"], "no resources")
    names = [each["name"] for each in package["resources"]]
    need(len(set(names)) == len(names), "two resources of one name", names)
    for resource in package["resources"]:
        need(resource["profile"] == "tabular-data-resource", "profile of", resource["name"])
        need(NAME.match(resource["name"]), "name", resource["name"])
        path = resource["path"]
        need(not path.startswith("/") and ".." not in path and ":" not in path, "path", path)
        need(resource["format"] == "csv" and resource["mediatype"] == "text/csv", "format of", path)
        need(resource["encoding"] in ("utf-8", "utf-8-sig"), "encoding of", path)
        dialect = resource["dialect"]
        need(not set(dialect) - {"delimiter", "lineTerminator", "quoteChar", "doubleQuote",
                                 "skipInitialSpace", "header"}, "unknown in dialect", dialect)
        schema = resource["schema"]
        need(schema["missingValues"] == [""], "missing values of", path)
        fields = [field["name"] for field in schema["fields"]]
        need(len(set(fields)) == len(fields), "two fields of one name in", path)
        for field in schema["fields"]:
            need(re.fullmatch("[a-z][a-z0-9_]*", field["name"]), "name of a field", field["name"])
            need(field["type"] in TYPES, "type", field)
            need(field["title"], "no title", field["name"])
            need(isinstance(field["personal"], bool), "personal", field["name"])
            if "labels" in field:
                need(list(field["labels"]) == field["constraints"]["enum"], "labels of",
                     field["name"])
        if "primaryKey" in schema:
            need(schema["primaryKey"] in fields, "primary key of", path)


def check(folder):
    """Raises Broken; returns the rows of each file, by name, as dictionaries of cells."""
    with open(os.path.join(folder, "datapackage.json"), encoding="utf-8") as file:
        package = json.load(file, object_pairs_hook=unique_members)
    check_descriptor(package)
    tables = {}
    for resource in package["resources"]:
        with open(os.path.join(folder, resource["path"]), "rb") as file:
            content = file.read()
        need(b"\n" not in content.replace(b"\r\n", b"").replace(b'"', b"") or b'"' in content,
             "line ends of", resource["path"])
        text = content.decode(resource["encoding"])
        need(not text.startswith("\ufeff"), "a byte order mark in", resource["path"])
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True,
                               delimiter=resource["dialect"]["delimiter"]))
        fields = resource["schema"]["fields"]
        need(rows[0] == [field["name"] for field in fields], "header of", resource["path"], rows[0])
        keys = set()
        table = []
        for row in rows[1:]:
            need(len(row) == len(fields), "a row of another length in", resource["path"], row)
            for field, cell in zip(fields, row):
                if cell != "":
                    check_constraints(field, read_cell(field, cell))
            one = dict(zip(rows[0], row))
            if "primaryKey" in resource["schema"]:
                key = one[resource["schema"]["primaryKey"]]
                need(key and key not in keys, "a key twice or empty in", resource["path"], key)
                keys.add(key)
            table.append(one)
        tables[resource["name"]] = table
    return tables
