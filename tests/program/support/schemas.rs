//! The schemas in `docs/schema`, and documents held against them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::Value;

/// The schemas by what a document's `schema` member says.
pub(crate) struct Schemas(BTreeMap<String, Validator>);

impl Schemas {
    /// Reads them all.
    pub(crate) fn load() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let files = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let read = |path: &Path| -> Value {
            serde_json::from_str(&fs::read_to_string(path).expect("a file"))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let files: BTreeMap<_, _> = files.map(|path| (path.file_stem().unwrap().to_owned(), read(&path))).collect();
        let common = files.iter().find(|(name, _)| *name == "common-1").expect("the common parts").1;
        let registry = Registry::new()
            .add("json-schema:///common-1.json", common)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the common parts");
        let compiled = files.iter().map(|(stem, schema)| {
            let stem = stem.to_str().expect("a plain name");
            assert_eq!(schema["$id"], format!("{stem}.json"));
            let validator = jsonschema::options().with_registry(&registry).build(schema);
            let name = format!("espctl/{}", stem.replace("-1", "/1"));
            (name, validator.unwrap_or_else(|error| panic!("{stem}: {error}")))
        });
        Self(compiled.collect())
    }

    /// Fails unless the document is what its schema says; returns its outcome.
    pub(crate) fn check(&self, document: &Value) -> String {
        let name = document["schema"].as_str().unwrap_or_else(|| panic!("no schema: {document}"));
        let validator = self.0.get(name).unwrap_or_else(|| panic!("no file for {name}"));
        let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{document:#}");
        document["outcome"].as_str().unwrap_or_default().to_owned()
    }
}

/// JSON Lines, as documents.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
