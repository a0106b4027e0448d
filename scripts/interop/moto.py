"""Judges moto's DMS with targets/moto.yaml."""

import judged
import servers

with servers.moto() as url:
    judged.compare("moto", "dms", url)
