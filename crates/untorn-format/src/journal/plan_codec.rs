//! Plan to bytes and back.

use super::{
    Blob, MAX_PLAN_LEN, Object, Plan, Step, Target, UndoKept,
    range::{read_pieces, read_ranges, write_pieces, write_ranges},
};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer, count, require},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: Kind = Kind { magic: *b"untorn:p", format: 1, len_max: MAX_PLAN_LEN };

const HEAD_LEN: usize = 160;
const TREE_ID: Field<16> = Field::at(16);
const TXID: Field<8> = Field::at(32);
const FROM: Field<32> = Field::at(40);
const TO: Field<32> = Field::at(72);
const REDO_LEN: Field<8> = Field::at(104);
const REDO_HASH: Field<32> = Field::at(112);
const NEW_HEAD: Field<4> = Field::at(144);
const UNDO: Field<4> = Field::at(148);
const OBJECT_COUNT: Field<4> = Field::at(152);
const STEP_COUNT: Field<4> = Field::at(156);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN;
    MAGIC, FORMAT, CRITICAL, TREE_ID, TXID, FROM, TO, REDO_LEN, REDO_HASH, NEW_HEAD, UNDO, OBJECT_COUNT, STEP_COUNT);

const OBJECT_LEN_MIN: usize = 9;
/// That of a step with the shortest path (kind, length of the path, one byte).
const STEP_LEN_MIN: usize = 4;

const OBJECT_FILE: u8 = 1;
const OBJECT_LINK: u8 = 2;
const OBJECT_CLONE: u8 = 3;

const REMOVE_FILE: u8 = 1;
const REMOVE_DIR: u8 = 2;
const MAKE_DIR: u8 = 3;
const PUT: u8 = 4;
const SYMLINK: u8 = 5;
const PATCH: u8 = 6;
const SET_EXECUTABLE: u8 = 7;

const TARGET_PATH: u8 = 1;
const TARGET_OBJECT: u8 = 2;

pub(super) fn encode(plan: &Plan) -> Vec<u8> {
    let mut writer = Writer(head(plan).to_vec());
    for object in &plan.objects {
        write_object(&mut writer, object);
    }
    for step in &plan.steps {
        write_step(&mut writer, step);
    }
    seal(writer)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Plan, DecodeError> {
    let mut reader = KIND.open(bytes)?;
    reader.take(HEAD_LEN - PREAMBLE_LEN)?;
    let head = &bytes[..HEAD_LEN];
    let plan = Plan {
        tree_id: TREE_ID.get(head),
        txid: TXID.u64(head),
        from: FROM.hash(head),
        to: TO.hash(head),
        new_head: flag(NEW_HEAD.u32(head), "new head")?,
        undo: undo_of_number(UNDO.u32(head))?,
        redo: Blob { len: REDO_LEN.u64(head), hash: REDO_HASH.hash(head) },
        objects: reader.list(OBJECT_COUNT.u32(head), OBJECT_LEN_MIN, read_object)?,
        steps: reader.list(STEP_COUNT.u32(head), STEP_LEN_MIN, read_step)?,
    };
    reader.end()?;
    Ok(plan)
}

fn head(plan: &Plan) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    KIND.begin(&mut head);
    TREE_ID.put(&mut head, plan.tree_id);
    TXID.put(&mut head, plan.txid.to_le_bytes());
    FROM.put(&mut head, plan.from.0);
    TO.put(&mut head, plan.to.0);
    REDO_LEN.put(&mut head, plan.redo.len.to_le_bytes());
    REDO_HASH.put(&mut head, plan.redo.hash.0);
    NEW_HEAD.put(&mut head, u32::from(plan.new_head).to_le_bytes());
    UNDO.put(&mut head, number_of_undo(plan.undo).to_le_bytes());
    OBJECT_COUNT.put(&mut head, count(plan.objects.len()).to_le_bytes());
    STEP_COUNT.put(&mut head, count(plan.steps.len()).to_le_bytes());
    head
}

const fn number_of_undo(undo: UndoKept) -> u32 {
    match undo {
        UndoKept::Nothing => 0,
        UndoKept::Own => 1,
        UndoKept::Earlier => 2,
    }
}

fn undo_of_number(number: u32) -> Result<UndoKept, DecodeError> {
    let known = [UndoKept::Nothing, UndoKept::Own, UndoKept::Earlier];
    known.into_iter().find(|&undo| number_of_undo(undo) == number).ok_or(DecodeError::Field("undo of a plan"))
}

fn flag(number: u32, field: &'static str) -> Result<bool, DecodeError> {
    require(number <= 1, field)?;
    Ok(number == 1)
}

pub(super) fn write_blob(writer: &mut Writer, blob: &Blob) {
    writer.u64(blob.len);
    writer.hash(&blob.hash);
}

pub(super) fn read_blob(reader: &mut Reader<'_>) -> Result<Blob, DecodeError> {
    let (len, hash): (u64, Hash) = (reader.u64()?, reader.hash()?);
    Ok(Blob { len, hash })
}

fn write_object(writer: &mut Writer, object: &Object) {
    match object {
        Object::File(blob) => {
            writer.u8(OBJECT_FILE);
            write_blob(writer, blob);
        }
        Object::Link { len } => {
            writer.u8(OBJECT_LINK);
            writer.u64(*len);
        }
        Object::Clone { len, hash, written } => {
            writer.u8(OBJECT_CLONE);
            writer.u64(*len);
            writer.hash(hash);
            write_pieces(writer, written);
        }
    }
}

fn read_object(reader: &mut Reader<'_>) -> Result<Object, DecodeError> {
    match reader.u8()? {
        OBJECT_FILE => Ok(Object::File(read_blob(reader)?)),
        OBJECT_LINK => Ok(Object::Link { len: reader.u64()? }),
        OBJECT_CLONE => Ok(Object::Clone { len: reader.u64()?, hash: reader.hash()?, written: read_pieces(reader)? }),
        _ => Err(DecodeError::Field("kind of an object")),
    }
}

fn write_step(writer: &mut Writer, step: &Step) {
    match step {
        Step::RemoveFile { path } => {
            writer.u8(REMOVE_FILE);
            writer.text(path.as_str());
        }
        Step::RemoveDir { path } => {
            writer.u8(REMOVE_DIR);
            writer.text(path.as_str());
        }
        Step::MakeDir { path, permissions } => {
            writer.u8(MAKE_DIR);
            writer.text(path.as_str());
            writer.u32(*permissions);
        }
        Step::Put { path, object } => {
            writer.u8(PUT);
            writer.text(path.as_str());
            writer.u32(*object);
        }
        Step::Symlink { path, target } => {
            writer.u8(SYMLINK);
            writer.text(path.as_str());
            writer.text(target);
        }
        Step::Patch { target, create, executable, len, ranges } => {
            writer.u8(PATCH);
            write_target(writer, target);
            writer.bool(*create);
            writer.bool(*executable);
            writer.u64(*len);
            write_ranges(writer, ranges);
        }
        Step::SetExecutable { target, executable } => {
            writer.u8(SET_EXECUTABLE);
            write_target(writer, target);
            writer.bool(*executable);
        }
    }
}

/// The fields of a step are read in the order in which they are written here.
fn read_step(reader: &mut Reader<'_>) -> Result<Step, DecodeError> {
    Ok(match reader.u8()? {
        REMOVE_FILE => Step::RemoveFile { path: reader.path()? },
        REMOVE_DIR => Step::RemoveDir { path: reader.path()? },
        MAKE_DIR => Step::MakeDir { path: reader.path()?, permissions: reader.u32()? },
        PUT => Step::Put { path: reader.path()?, object: reader.u32()? },
        SYMLINK => Step::Symlink { path: reader.path()?, target: reader.text("target of a symlink")?.to_owned() },
        PATCH => Step::Patch {
            target: read_target(reader)?,
            create: reader.bool("create")?,
            executable: reader.bool("executable")?,
            len: reader.u64()?,
            ranges: read_ranges(reader)?,
        },
        SET_EXECUTABLE => Step::SetExecutable { target: read_target(reader)?, executable: reader.bool("executable")? },
        _ => return Err(DecodeError::Field("kind of a step")),
    })
}

fn write_target(writer: &mut Writer, target: &Target) {
    match target {
        Target::Path(path) => {
            writer.u8(TARGET_PATH);
            writer.text(path.as_str());
        }
        Target::Object(object) => {
            writer.u8(TARGET_OBJECT);
            writer.u32(*object);
        }
    }
}

fn read_target(reader: &mut Reader<'_>) -> Result<Target, DecodeError> {
    match reader.u8()? {
        TARGET_PATH => Ok(Target::Path(reader.path()?)),
        TARGET_OBJECT => Ok(Target::Object(reader.u32()?)),
        _ => Err(DecodeError::Field("kind of a target")),
    }
}
