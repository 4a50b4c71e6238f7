//! untorn
