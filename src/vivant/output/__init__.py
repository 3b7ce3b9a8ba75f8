"""Pictures as files: formats, quality, and the settings they carry."""
