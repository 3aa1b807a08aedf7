# SPDX-License-Identifier: GPL-3.0-or-later
"""Write src/formats/fhir/elements.def from the definitions that HL7 publishes with FHIR R4 (4.0.1, dedicated to the public
domain): every element's name, type, cardinality, closed code set and reference targets.

usage: fhir_elements.py FOLDER > src/formats/fhir/elements.def

FOLDER holds profiles-types.json, profiles-resources.json, valuesets.json, v3-codesystems.json and fhir.schema.json.
"""

import json
import pathlib
import re
import sys

MOST_CODES = 400  # of a closed set; larger ones (currencies, media types) are open in practice
SKIPPED_BASES = {"http://hl7.org/fhirpath/System.String": "string"}


class Definitions:
    def __init__(self, folder):
        self.types, self.order, self.value_sets, self.code_systems = {}, [], {}, {}
        for name in ("profiles-types.json", "profiles-resources.json"):
            for resource in self.resources(folder / name):
                if resource["resourceType"] == "StructureDefinition" and resource.get("derivation") != "constraint":
                    self.types[resource["name"]] = resource
                    self.order.append(resource["name"])
        for name in ("valuesets.json", "v3-codesystems.json"):
            for resource in self.resources(folder / name):
                target = self.value_sets if resource["resourceType"] == "ValueSet" else self.code_systems
                target[resource["url"]] = resource
        self.schema = json.loads((folder / "fhir.schema.json").read_text())["definitions"]

    @staticmethod
    def resources(path):
        return [entry["resource"] for entry in json.loads(path.read_text())["entry"]]

    def codes(self, url):
        """All codes of a value set, or None where they cannot be listed."""
        found = []
        value_set = self.value_sets.get(url.split("|")[0])
        if value_set is None:
            return None
        for part in value_set["compose"]["include"]:
            if part.get("filter"):
                return None
            for inner in part.get("valueSet", []):
                more = self.codes(inner)
                if more is None:
                    return None
                found += more
            if "concept" in part:
                found += [concept["code"] for concept in part["concept"]]
            elif "system" in part:
                system = self.code_systems.get(part["system"])
                if system is None or not system.get("concept"):
                    return None
                found += self.flat(system["concept"])
        return found

    def flat(self, concepts):
        for concept in concepts:
            yield concept["code"]
            yield from self.flat(concept.get("concept", []))


def identifier(path):
    return re.sub(r"\W", "_", path)


def targets_of(kind):
    names = [profile.rsplit("/", 1)[1] for profile in kind.get("targetProfile", [])]
    return "" if "Resource" in names else "|".join(names)


class Writer:
    def __init__(self, definitions):
        self.definitions = definitions
        self.rows, self.types, self.code_sets = [], [], {}
        self.choices = 0

    def schema_has(self, owner, name):
        """The schema is of 4.0.1 and nothing later; the definitions may hold more."""
        schema = self.definitions.schema.get(self.schema_name(owner))
        return schema is None or name in schema.get("properties", {})

    def schema_name(self, owner):
        first, *rest = owner.split(".")
        return first + ("_" if rest else "") + "".join(part[0].upper() + part[1:] for part in rest)

    def code_set(self, element):
        binding = element.get("binding", {})
        if binding.get("strength") != "required" or "valueSet" not in binding:
            return "NO_CODES"
        codes = self.definitions.codes(binding["valueSet"])
        if not codes or len(codes) > MOST_CODES:
            return "NO_CODES"
        name = identifier(binding["valueSet"].split("|")[0].rsplit("/", 1)[1])
        self.code_sets[name] = "|".join(dict.fromkeys(codes))
        return name

    def rows_of(self, owner, element, children):
        name = element["path"].rsplit(".", 1)[1]
        most = "MANY" if element["max"] == "*" else element["max"]
        if "contentReference" in element:
            kind = identifier(element["contentReference"].lstrip("#"))
            return [(name, kind, element["min"], most, 0, "NO_CODES", "")]
        kinds = {}
        for kind in element["type"]:
            code = SKIPPED_BASES.get(kind["code"], kind["code"])
            kinds[code] = "|".join(filter(None, [kinds.get(code, ""), targets_of(kind)]))
        if name.endswith("[x]"):
            self.choices += 1
            base = name[:-3]
            return [(base + code[0].upper() + code[1:], code, element["min"], most, self.choices,
                     self.code_set(element) if code in ("code", "CodeableConcept") else "NO_CODES", targets)
                    for code, targets in kinds.items()]
        (code, targets), = kinds.items()
        if name == "id" and owner in self.definitions.types and self.definitions.types[owner]["kind"] == "resource":
            code = "id"  # published as a string; R4's text says id
        if element["path"] in children:
            code = identifier(element["path"])
        codes = self.code_set(element) if code in ("code", "CodeableConcept") else "NO_CODES"
        return [(name, code, element["min"], most, 0, codes, targets)]

    def add(self, resource):
        elements = resource["snapshot"]["element"]
        children = {}
        for element in elements[1:]:
            owner = element["path"].rsplit(".", 1)[0]
            children.setdefault(owner, []).append(element)
        for owner, members in children.items():
            kind = {"primitive-type": "PRIMITIVE", "resource": "RESOURCE"}.get(resource["kind"], "COMPLEX")
            first = len(self.rows)
            for element in members:
                if element["max"] == "0":
                    continue
                self.rows += [row for row in self.rows_of(owner, element, children) if self.schema_has(owner, row[0])]
            self.types.append((identifier(owner), owner, kind if owner == resource["name"] else "COMPLEX", first,
                               len(self.rows) - first))


PRIMITIVES = ["base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
              "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml"]


def main():
    writer = Writer(Definitions(pathlib.Path(sys.argv[1])))
    definitions = writer.definitions
    for name in definitions.order:
        resource = definitions.types[name]
        known = name in definitions.schema or resource["abstract"]
        if resource["kind"] != "primitive-type" and known and name not in ("DomainResource", "Resource"):
            writer.add(resource)
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* The elements of FHIR R4 (4.0.1), by tools/fhir_elements.py; not to be edited.")
    print(" * TYPE(id, name, kind, first element, elements)")
    print(" * ELEMENT(name, type, least, most, choice, codes, reference targets): choice numbers the forms of one value[x]")
    print(" * CODES(id, codes): closed sets */")
    print("#ifdef TYPE")
    for name in PRIMITIVES:
        print(f'TYPE({name}, "{name}", PRIMITIVE, 0, 0)')
    print('TYPE(Resource, "Resource", RESOURCE, 0, 0)')
    for row in writer.types:
        print('TYPE({}, "{}", {}, {}, {})'.format(*row))
    print("#endif\n#ifdef ELEMENT")
    for name, kind, least, most, choice, codes, targets in writer.rows:
        print(f'ELEMENT("{name}", {kind}, {least}, {most}, {choice}, {codes}, "{targets}")')
    print("#endif\n#ifdef CODES")
    for name, codes in sorted(writer.code_sets.items()):
        text = codes.replace("\\", "\\\\").replace('"', '\\"')
        print(f'CODES({name}, "{text}")')
    print("#endif")


main()
