#!/usr/bin/env python3
"""Writes grids/our-world-in-data.json: grams of CO2 a kWh of electricity by country, each with its year.

The figures are those of Our World in Data (Ember; Energy Institute), CC BY 4.0, as the PyPI package codecarbon 3.3.2 carries
them; two-letter codes are those of Debian's iso-codes. Usage: make_grid_table.py global_energy_mix.json > grids/our-world-in-data.json
"""
import json
import pathlib
import sys

ISO = pathlib.Path("/usr/share/iso-codes/json/iso_3166-1.json")
OLDEST = 2021  # an older mix says little of today's


def main() -> None:
    iso = {c["alpha_3"]: c["alpha_2"] for c in json.loads(ISO.read_text())["3166-1"]}
    rows = json.loads(pathlib.Path(sys.argv[1]).read_text())
    lines = []
    for code, row in sorted(rows.items()):
        intensity = row.get("carbon_intensity")
        if not intensity or intensity <= 0 or row["year"] < OLDEST or code not in iso:
            continue  # a zero there stands for what is not known
        lines.append("  " + json.dumps({"iso3": code, "iso2": iso[code], "name": row["country_name"],
                                        "g_per_kwh": round(intensity, 1), "year": row["year"]}, ensure_ascii=False))
    head = {
        "title": "Carbon intensity of electricity generation, life cycle, CO2 equivalents, yearly mean of a country's generation",
        "source": "Our World in Data, from Ember and the Energy Institute",
        "url": "https://ourworldindata.org/grapher/carbon-intensity-electricity",
        "licence": "CC BY 4.0",
        "notice": "Our World in Data (ourworldindata.org/energy), Ember - Yearly Electricity Data, Energy Institute - Statistical "
                  "Review of World Energy; CC BY 4.0; rounded to 0.1 g, countries without a figure since 2021 left out; "
                  "read from the PyPI package codecarbon 3.3.2",
    }
    text = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items())
    print("{\n" + text + ',\n "countries": [\n' + ",\n".join(lines) + "\n ]\n}")


if __name__ == "__main__":
    main()
