pytest_plugins = ["tests.rig.fixtures", "tests.models_fixture"]
